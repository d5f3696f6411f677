// A web server in Go, with the accessors that tako typegen writes.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		if request.URL.Path != "/" {
			http.NotFound(response, request)
			return
		}
		fmt.Fprint(response, Secrets.DatabaseUrl())
	})
	ready := os.NewFile(4, "ready")
	fmt.Fprintln(ready, listener.Addr().(*net.TCPAddr).Port)
	ready.Close()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		os.Exit(0)
	}()
	panic(http.Serve(listener, nil))
}
