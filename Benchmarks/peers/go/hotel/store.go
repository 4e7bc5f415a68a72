package main

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"
)

type money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

func newMoney(cents int64, currency string) money {
	return money{fmt.Sprintf("%d.%02d", cents/100, cents%100), currency}
}

type room struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	Capacity      int    `json:"capacity"`
	PricePerNight money  `json:"pricePerNight"`
}

type guest struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

type bookingRequest struct {
	RoomID string `json:"roomId"`
	From   string `json:"from"`
	To     string `json:"to"`
	Guests int    `json:"guests"`
	Guest  guest  `json:"guest"`
}

type booking struct {
	ID string `json:"id"`
	bookingRequest
	Total     money  `json:"total"`
	Status    string `json:"status"`
	Version   int    `json:"version"`
	CreatedAt string `json:"createdAt"`
}

const day = "2006-01-02"

func (b bookingRequest) nights() []string {
	from, err := time.Parse(day, b.From)
	if err != nil {
		return nil
	}
	to, err := time.Parse(day, b.To)
	if err != nil || to.Sub(from) > 30*24*time.Hour {
		return nil
	}
	var nights []string
	for night := from; night.Before(to); night = night.AddDate(0, 0, 1) {
		nights = append(nights, night.Format(day))
	}
	return nights
}

func (b bookingRequest) isValid() bool {
	return b.RoomID != "" && b.Guests >= 1 && b.Guest.Name != "" && strings.Contains(b.Guest.Email, "@") &&
		len(b.nights()) > 0 && b.From >= time.Now().UTC().Format(day)
}

var (
	errNotFound = errors.New("not found")
	errTaken    = errors.New("nights taken")
)

// store is the database with its statements prepared: one connection to SQLite, several to PostgreSQL.
type store struct {
	db                                        *sql.DB
	selectRoom, heldNights, insert, holdNight *sql.Stmt
}

// As many as Panal has threads.
const postgresConnections = 16

func openStore(database string) (*store, error) {
	driver, connections := "sqlite3", 1
	isPostgres := strings.HasPrefix(database, "postgres://")
	if isPostgres {
		driver, connections = "postgres", postgresConnections
	} else {
		database = "file:" + database +
			"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=on&_txlock=immediate"
	}
	db, err := sql.Open(driver, database)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	s := &store{db: db}
	for statement, text := range map[**sql.Stmt]string{
		&s.selectRoom: "SELECT id, name, capacity, price_per_night, currency FROM room WHERE id = ?",
		&s.heldNights: "SELECT count(*) FROM held_night WHERE room_id = ? AND night >= ? AND night < ?",
		&s.insert: "INSERT INTO booking (id, room_id, arrival, departure, guests, guest_name, guest_email, total, " +
			"currency, status, version, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'confirmed', 1, ?)",
		&s.holdNight: "INSERT INTO held_night (room_id, night, booking_id) VALUES (?, ?, ?)",
	} {
		if isPostgres {
			text = numbered(text)
		}
		if *statement, err = db.Prepare(text); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// numbered writes $1, $2, … for each ?, as PostgreSQL wants it.
func numbered(text string) string {
	var out strings.Builder
	number := 0
	for _, character := range text {
		if character == '?' {
			number++
			fmt.Fprintf(&out, "$%d", number)
		} else {
			out.WriteRune(character)
		}
	}
	return out.String()
}

func (s *store) room(id string) (room, error) {
	room, _, err := scanRoom(s.selectRoom.QueryRow(id))
	return room, err
}

func scanRoom(row *sql.Row) (room room, cents int64, err error) {
	var currency string
	err = row.Scan(&room.ID, &room.Name, &room.Capacity, &cents, &currency)
	if err == sql.ErrNoRows {
		err = errNotFound
	}
	room.PricePerNight = newMoney(cents, currency)
	return
}

func (s *store) book(wish bookingRequest) (booking, error) {
	now := time.Now().UTC()
	nights := wish.nights()
	tx, err := s.db.Begin()
	if err != nil {
		return booking{}, err
	}
	defer tx.Rollback()
	room, cents, err := scanRoom(tx.Stmt(s.selectRoom).QueryRow(wish.RoomID))
	if err != nil {
		return booking{}, err
	}
	var held int
	if err := tx.Stmt(s.heldNights).QueryRow(wish.RoomID, wish.From, wish.To).Scan(&held); err != nil {
		return booking{}, err
	}
	if held > 0 || wish.Guests > room.Capacity {
		return booking{}, errTaken
	}
	total, currency := cents*int64(len(nights)), room.PricePerNight.Currency
	id := newID(now)
	if _, err := tx.Stmt(s.insert).Exec(id, wish.RoomID, wish.From, wish.To, wish.Guests, wish.Guest.Name,
		wish.Guest.Email, total, currency, now.UnixMicro()); err != nil {
		return booking{}, err
	}
	for _, night := range nights {
		if _, err := tx.Stmt(s.holdNight).Exec(wish.RoomID, night, id); err != nil {
			return booking{}, err
		}
	}
	if err := tx.Commit(); err != nil {
		return booking{}, err
	}
	return booking{id, wish, newMoney(total, currency), "confirmed", 1, now.Format(time.RFC3339)}, nil
}

// newID sorts by the time it was made, as the service's identifiers do.
func newID(now time.Time) string {
	var random [6]byte
	rand.Read(random[:])
	return fmt.Sprintf("%014x%x", now.UnixMicro(), random)
}
