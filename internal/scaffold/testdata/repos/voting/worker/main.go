package main

func main() { println("works") }
