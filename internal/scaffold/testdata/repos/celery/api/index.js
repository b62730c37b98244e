app.get("/hello", x); app.listen(process.env.PORT || 3000)
