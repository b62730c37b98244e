const port = process.env.PORT || 4000;
app.use('/result', x);
server.listen(port);
