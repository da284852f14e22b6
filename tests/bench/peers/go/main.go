// The contract's part that the benchmark loads, as one would write it in Go: net/http, a pgx pool,
// a redigo pool. Records and lists are cached aside in Redis; a write deletes what it makes wrong.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

const (
	poolSize       = 16
	recordLifetime = 3600
	listLifetime   = 300
	productFields  = "id::text, name, description, price::text, stock_quantity"
)

type product struct {
	ID            string      `json:"id"`
	Name          string      `json:"name"`
	Description   *string     `json:"description"`
	Price         json.Number `json:"price"`
	StockQuantity int         `json:"stock_quantity"`
}

type productInput struct {
	Name          *string      `json:"name"`
	Description   *string      `json:"description"`
	Price         *json.Number `json:"price"`
	StockQuantity *int         `json:"stock_quantity"`
}

type employee struct {
	ID         int64       `json:"id"`
	Name       string      `json:"name"`
	Salary     json.Number `json:"salary"`
	Department string      `json:"department"`
	EmployeeID *string     `json:"employee_id"`
}

type app struct {
	db    *pgxpool.Pool
	redis *redis.Pool
}

func (a *app) cache(command string, args ...interface{}) (interface{}, error) {
	conn := a.redis.Get()
	defer conn.Close()
	return conn.Do(command, args...)
}

// send answers with a status and a body that is JSON already.
func send(w http.ResponseWriter, status int, state string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if state != "" {
		header.Set("X-Cache", state)
	}
	w.WriteHeader(status)
	w.Write(body)
}

func sendValue(w http.ResponseWriter, status int, state string, value interface{}) []byte {
	body, err := json.Marshal(value)
	if err != nil {
		fail(w, err)
		return nil
	}
	send(w, status, state, body)
	return body
}

func refuse(w http.ResponseWriter, status int, detail string) {
	sendValue(w, status, "", map[string]string{"detail": detail})
}

func fail(w http.ResponseWriter, err error) {
	if errors.Is(err, pgx.ErrNoRows) {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	log.Print(err)
	refuse(w, http.StatusInternalServerError, "internal error")
}

func scanProduct(row pgx.Row) (product, error) {
	var p product
	var price string
	err := row.Scan(&p.ID, &p.Name, &p.Description, &price, &p.StockQuantity)
	p.Price = json.Number(price)
	return p, err
}

func (a *app) readProduct(w http.ResponseWriter, r *http.Request, id string) {
	key := "go:product:" + id
	body, err := redis.Bytes(a.cache("GET", key))
	if err == nil {
		send(w, http.StatusOK, "HIT", body)
		return
	}
	if !errors.Is(err, redis.ErrNil) {
		fail(w, err)
		return
	}
	p, err := scanProduct(a.db.QueryRow(r.Context(),
		"SELECT "+productFields+" FROM products WHERE id = $1", id))
	if err != nil {
		fail(w, err)
		return
	}
	if body = sendValue(w, http.StatusOK, "MISS", p); body != nil {
		a.cache("SET", key, body, "EX", recordLifetime)
	}
}

func (a *app) updateProduct(w http.ResponseWriter, r *http.Request, id string) {
	var in productInput
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	p, err := scanProduct(a.db.QueryRow(r.Context(),
		`UPDATE products SET name = coalesce($2, name), description = coalesce($3, description),
		 price = coalesce($4::text::numeric, price), stock_quantity = coalesce($5, stock_quantity)
		 WHERE id = $1 RETURNING `+productFields,
		id, in.Name, in.Description, (*string)(in.Price), in.StockQuantity))
	if err == nil {
		_, err = a.cache("DEL", "go:product:"+id, "go:products")
	}
	if err != nil {
		fail(w, err)
		return
	}
	sendValue(w, http.StatusOK, "", p)
}

func (a *app) createProduct(w http.ResponseWriter, r *http.Request) {
	var in productInput
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if in.Name == nil || in.Price == nil || in.StockQuantity == nil {
		refuse(w, http.StatusUnprocessableEntity, "a required field is missing")
		return
	}
	p, err := scanProduct(a.db.QueryRow(r.Context(),
		`INSERT INTO products (name, description, price, stock_quantity)
		 VALUES ($1, $2, $3::text::numeric, $4) RETURNING `+productFields,
		in.Name, in.Description, (*string)(in.Price), in.StockQuantity))
	if err == nil {
		_, err = a.cache("DEL", "go:products")
	}
	if err != nil {
		fail(w, err)
		return
	}
	sendValue(w, http.StatusCreated, "", p)
}

// list answers from a field of a Redis hash, which holds the list for every limit.
func (a *app) list(w http.ResponseWriter, key, field string, load func() (interface{}, error)) {
	body, err := redis.Bytes(a.cache("HGET", key, field))
	if err == nil {
		send(w, http.StatusOK, "HIT", body)
		return
	}
	if !errors.Is(err, redis.ErrNil) {
		fail(w, err)
		return
	}
	found, err := load()
	if err != nil {
		fail(w, err)
		return
	}
	if body = sendValue(w, http.StatusOK, "MISS", found); body != nil {
		a.cache("HSET", key, field, body)
		a.cache("EXPIRE", key, listLifetime)
	}
}

func (a *app) listProducts(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, "limit is no number")
		return
	}
	a.list(w, "go:products", strconv.Itoa(limit), func() (interface{}, error) {
		rows, err := a.db.Query(r.Context(),
			"SELECT "+productFields+" FROM products ORDER BY products.id LIMIT $1", limit)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		found := []product{}
		for rows.Next() {
			p, err := scanProduct(rows)
			if err != nil {
				return nil, err
			}
			found = append(found, p)
		}
		return found, rows.Err()
	})
}

func (a *app) highSalary(w http.ResponseWriter, r *http.Request) {
	a.list(w, "go:high-salary", "all", func() (interface{}, error) {
		rows, err := a.db.Query(r.Context(),
			`SELECT id, name, salary::text, department, employee_id FROM employees
			 WHERE salary > 100000 ORDER BY id`)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		found := []employee{}
		for rows.Next() {
			var e employee
			var salary string
			err := rows.Scan(&e.ID, &e.Name, &salary, &e.Department, &e.EmployeeID)
			if err != nil {
				return nil, err
			}
			e.Salary = json.Number(salary)
			found = append(found, e)
		}
		return found, rows.Err()
	})
}

func (a *app) products(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, "/products/")
	switch {
	case len(id) != 36:
		refuse(w, http.StatusNotFound, "not found")
	case r.Method == http.MethodGet:
		a.readProduct(w, r, id)
	case r.Method == http.MethodPut:
		a.updateProduct(w, r, id)
	default:
		refuse(w, http.StatusMethodNotAllowed, "method not allowed")
	}
}

func (a *app) collection(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		a.createProduct(w, r)
	} else {
		a.listProducts(w, r)
	}
}

func main() {
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		log.Fatal(err)
	}
	config.MaxConns = poolSize
	db, err := pgxpool.ConnectConfig(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	dial := func() (redis.Conn, error) {
		return redis.Dial("unix", os.Getenv("REDIS_SOCKET"))
	}
	a := &app{db, &redis.Pool{MaxIdle: 64, Dial: dial}}
	mux := http.NewServeMux()
	mux.HandleFunc("/products", a.collection)
	mux.HandleFunc("/products/", a.products)
	mux.HandleFunc("/employees/high-salary", a.highSalary)
	network, address := "unix", os.Getenv("LISTEN")
	if !strings.Contains(address, "/") {
		network, address = "tcp", "127.0.0.1:"+address
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, mux))
}
