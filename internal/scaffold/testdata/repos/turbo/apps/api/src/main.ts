app.setGlobalPrefix("api/v1"); await app.listen(3000);
