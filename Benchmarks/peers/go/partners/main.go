// Partner hotels, each on a port of its own, of which the last answers late. Writes the ports as a line of JSON to standard
// output, and serves until it is stopped. Usage: partners COUNT MILLISECONDS
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

const rooms = `[{"id":"attic","name":"Attic","capacity":4,"pricePerNight":{"amount":"20.00","currency":"EUR"},` +
	`"total":{"amount":"40.00","currency":"EUR"}},` +
	`{"id":"parlour","name":"Parlour","capacity":4,"pricePerNight":{"amount":"130.00","currency":"EUR"},` +
	`"total":{"amount":"260.00","currency":"EUR"}},` +
	`{"id":"library","name":"Library","capacity":4,"pricePerNight":{"amount":"90.00","currency":"EUR"},` +
	`"total":{"amount":"180.00","currency":"EUR"}}]`

func availability(delay time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(delay)
		question := r.URL.Query()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"from":%q,"to":%q,"guests":%s,"rooms":%s}`,
			question.Get("from"), question.Get("to"), question.Get("guests"), rooms)
	})
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	milliseconds, _ := strconv.Atoi(os.Args[2])
	ports := make([]int, count)
	for number := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			log.Fatal(err)
		}
		ports[number] = listener.Addr().(*net.TCPAddr).Port
		delay := time.Duration(0)
		if number == count-1 {
			delay = time.Duration(milliseconds) * time.Millisecond
		}
		go func() { log.Fatal(http.Serve(listener, availability(delay))) }()
	}
	json.NewEncoder(os.Stdout).Encode(ports)
	select {}
}
