package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"

	"github.com/google/uuid"
)

// plainHouse has the same rows in a plain table, with the indexes that its questions need.
func (b *bench) plainHouse(ctx context.Context, h *house) error {
	_, err := b.stack.admin.Exec(ctx, `
		drop table if exists plain_dossiers, plain_acts;
		create table plain_dossiers as
		select id, code, status, unit, due, updated_at, state from views.dossiers_v1;
		alter table plain_dossiers add primary key (id);
		create index on plain_dossiers (updated_at, id);
		create index on plain_dossiers (unit, status, due, id);
		create table plain_acts (id uuid primary key, dossier uuid not null, act text not null, at timestamptz not null default now());
		grant all on plain_dossiers, plain_acts to dossier_app`)
	if err == nil {
		_, err = b.stack.admin.Exec(ctx, `vacuum analyze plain_dossiers`)
	}
	if err != nil {
		return fmt.Errorf("make the baseline: %w", err)
	}
	return nil
}

// plainRoutes answer the same questions from plain tables, with nothing in front of them.
func (h *house) plainRoutes(mux *http.ServeMux) {
	answer := func(w http.ResponseWriter, v any, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /plain/{id}", func(w http.ResponseWriter, r *http.Request) {
		var state json.RawMessage
		err := h.pool.QueryRow(r.Context(), `select state from plain_dossiers where id = $1`, r.PathValue("id")).Scan(&state)
		answer(w, state, err)
	})
	mux.HandleFunc("GET /plain", func(w http.ResponseWriter, r *http.Request) {
		list, count, args := `select state from plain_dossiers order by updated_at desc, id limit 50`, `select count(*) from (select from plain_dossiers limit 10001) x`, []any{}
		if unit := r.URL.Query().Get("unit"); unit != "" {
			const of = ` from plain_dossiers where unit = $1 and status = any ($2)`
			list, count, args = `select state`+of+` order by due, id limit 50`, `select count(*) from (select`+of+` limit 10001) x`, []any{unit, r.URL.Query()["status"]}
		}
		var page struct {
			Items []json.RawMessage
			Total int
		}
		rows, err := h.pool.Query(r.Context(), list, args...)
		if err == nil {
			for rows.Next() {
				var state json.RawMessage
				if err = rows.Scan(&state); err != nil {
					break
				}
				page.Items = append(page.Items, state)
			}
			rows.Close()
		}
		if err == nil {
			err = h.pool.QueryRow(r.Context(), count, args...).Scan(&page.Total)
		}
		answer(w, page, err)
	})
	mux.HandleFunc("POST /plain/{id}", func(w http.ResponseWriter, r *http.Request) {
		tx, err := h.pool.Begin(r.Context())
		if err == nil {
			defer tx.Rollback(context.WithoutCancel(r.Context())) //nolint:errcheck // after a commit it does nothing
			_, err = tx.Exec(r.Context(), `insert into plain_acts (id, dossier, act) values ($1, $2, 'step')`, uuid.New(), r.PathValue("id"))
		}
		if err == nil {
			_, err = tx.Exec(r.Context(), `update plain_dossiers set updated_at = now() where id = $1`, r.PathValue("id"))
		}
		if err == nil {
			err = tx.Commit(r.Context())
		}
		answer(w, struct{}{}, err)
	})
}

func (h *house) plainAsks() []demand {
	get := func(path string) func(context.Context) error {
		return func(ctx context.Context) error { return h.ask(ctx, "", http.MethodGet, path, nil, &struct{}{}) }
	}
	one := func(method string) func(context.Context) error {
		return func(ctx context.Context) error {
			return h.ask(ctx, "", method, "/plain/"+h.old[rand.IntN(len(h.old))].String(), nil, &struct{}{})
		}
	}
	of := url.Values{"unit": {"animal-health"}, "status": {"appraising", "supplement_requested", "pending_approval"}}
	return []demand{
		{"command", 20, one(http.MethodPost)}, {"single read", 50, one(http.MethodGet)}, {"worklist, filters and counts", 15, get("/plain?" + of.Encode())},
		{"worklist, filters and counts", 10, get("/plain")}, {"worklist of a small agency", 5, get("/plain?unit=an-giang-animals&status=appraising")},
	}
}
