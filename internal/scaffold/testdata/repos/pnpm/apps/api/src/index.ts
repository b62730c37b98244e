const app = new Hono();
app.get("/tasks", list);
app.get("/doc", doc);
serve({ fetch: app.fetch, port: Number(process.env.PORT || 9999) });
