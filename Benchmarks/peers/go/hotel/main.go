// The sample hotel on Go's standard library, with mattn/go-sqlite3 or lib/pq. Usage: hotel PORT DATABASE
// DATABASE is a file, or a URL that begins with postgres://
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"
)

type hotel struct{ store *store }

func main() {
	store, err := openStore(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	hotel := hotel{store}
	http.HandleFunc("/v1/rooms/", hotel.room)
	http.HandleFunc("/v1/bookings", hotel.book)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}

func (h hotel) room(w http.ResponseWriter, r *http.Request) {
	room, err := h.store.room(strings.TrimPrefix(r.URL.Path, "/v1/rooms/"))
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusOK, room)
}

func (h hotel) book(w http.ResponseWriter, r *http.Request) {
	var wish bookingRequest
	if err := json.NewDecoder(r.Body).Decode(&wish); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !wish.isValid() {
		http.Error(w, "invalid booking", http.StatusUnprocessableEntity)
		return
	}
	booking, err := h.store.book(wish)
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Location", "/v1/bookings/"+booking.ID)
	answer(w, http.StatusCreated, booking)
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}

func fail(w http.ResponseWriter, err error) {
	switch err {
	case errNotFound:
		http.Error(w, err.Error(), http.StatusNotFound)
	case errTaken:
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
