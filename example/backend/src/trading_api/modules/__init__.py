"""The modules, one folder each: models, service, api and, where it has a WebSocket, ws."""
