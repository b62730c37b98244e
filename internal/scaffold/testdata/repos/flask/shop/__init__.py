from flask import Flask

def create_app(config=None) -> Flask:
    app = Flask(__name__)
    return app
