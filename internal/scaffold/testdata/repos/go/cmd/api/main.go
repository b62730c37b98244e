package main

func main() {
	mux.HandleFunc("GET /orders/{id}", get)
	http.ListenAndServe(":"+os.Getenv("PORT"), mux)
}
