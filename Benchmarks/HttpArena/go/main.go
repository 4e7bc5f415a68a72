// HttpArena's HTTP/1.1 profiles, and what Http11Probe asks for, on Go's standard library. Usage: arena PORT DATA
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
)

type item struct {
	ID       int      `json:"id"`
	Name     string   `json:"name"`
	Category string   `json:"category"`
	Price    int      `json:"price"`
	Quantity int      `json:"quantity"`
	Active   bool     `json:"active"`
	Tags     []string `json:"tags"`
	Rating   struct {
		Score int `json:"score"`
		Count int `json:"count"`
	} `json:"rating"`
	Total int `json:"total"`
}

func main() {
	data := os.Args[2]
	var items []item
	if bytes, err := os.ReadFile(data + "/dataset.json"); err == nil {
		if err := json.Unmarshal(bytes, &items); err != nil {
			log.Fatal(err)
		}
	}
	text := func(w http.ResponseWriter, s string) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, s)
	}
	http.HandleFunc("/baseline11", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		a, _ := strconv.Atoi(query.Get("a"))
		b, _ := strconv.Atoi(query.Get("b"))
		sum := a + b
		if r.Method == "POST" {
			body, err := io.ReadAll(r.Body)
			addend, wrong := strconv.Atoi(string(body))
			if err != nil || wrong != nil {
				http.Error(w, "the body is a whole number", http.StatusBadRequest)
				return
			}
			sum += addend
		}
		text(w, strconv.Itoa(sum))
	})
	http.HandleFunc("/pipeline", func(w http.ResponseWriter, r *http.Request) { text(w, "ok") })
	http.HandleFunc("/json/", func(w http.ResponseWriter, r *http.Request) {
		count, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/json/"))
		factor, wrong := strconv.Atoi(r.URL.Query().Get("m"))
		if err != nil || wrong != nil || count < 0 || count > len(items) {
			http.Error(w, "ask for /json/{count}?m={factor}", http.StatusBadRequest)
			return
		}
		chosen := make([]item, count)
		copy(chosen, items)
		for i := range chosen {
			chosen[i].Total = chosen[i].Price * chosen[i].Quantity * factor
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"items": chosen, "count": count})
	})
	http.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		count, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return
		}
		text(w, strconv.FormatInt(count, 10))
	})
	http.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.Dir(data+"/static"))))
	http.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Host: %s\n", r.Host)
		for name, values := range r.Header {
			for _, value := range values {
				fmt.Fprintf(w, "%s: %s\n", name, value)
			}
		}
	})
	http.HandleFunc("/cookie", func(w http.ResponseWriter, r *http.Request) {
		for _, pair := range strings.Split(r.Header.Get("Cookie"), ";") {
			pair = strings.TrimLeft(pair, " ")
			if strings.Index(pair, "=") > 0 {
				io.WriteString(w, pair+"\n")
			}
		}
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			w.Header().Set("Content-Type", "text/plain")
			w.Write(body)
			return
		}
		text(w, "OK")
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
