django
