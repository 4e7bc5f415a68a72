// The endpoints that need no database, one that waits, and one that calls BASE_URL, on Go's standard library. Usage: plaintext PORT
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	http.HandleFunc("/livez", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "ok\n")
	})
	http.HandleFunc("/v1/bookings", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		http.Error(w, "not application/json", http.StatusUnsupportedMediaType)
	})
	http.HandleFunc("/sleep/", func(w http.ResponseWriter, r *http.Request) {
		milliseconds, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/sleep/"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		time.Sleep(time.Duration(milliseconds) * time.Millisecond)
		w.WriteHeader(http.StatusNoContent)
	})
	// The default keeps two connections to a host, and makes a new one for each call beyond that.
	client := &http.Client{
		Transport: &http.Transport{MaxIdleConns: 100, MaxIdleConnsPerHost: 100, IdleConnTimeout: 50 * time.Second},
		Timeout:   10 * time.Second,
	}
	base := os.Getenv("BASE_URL")
	http.HandleFunc("/call", func(w http.ResponseWriter, r *http.Request) {
		call, err := http.NewRequestWithContext(r.Context(), "GET", base+"/livez", nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer, err := client.Do(call)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
		if err != nil || answer.StatusCode != http.StatusOK {
			http.Error(w, "the other service failed", http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		w.Write(body)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
