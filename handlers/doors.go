package handlers

import (
	"slices"

	"dossier/domain"
	"dossier/domain/dossier"
)

// kind is the act of a kind; one is a command's.
func kind(kinds ...ActKind) (acts []Act) {
	for _, k := range kinds {
		acts = append(acts, Act{Kind: k})
	}
	return acts
}

func one(command string) []Act { return []Act{{Kind: Command, Name: command}} }

func line(face Face, about About, asks []Act, names ...string) (list []Door) {
	for _, name := range names {
		list = append(list, Door{Face: face, Name: name, Asks: asks, About: about})
	}
	return list
}

func free(face Face, who Free, names ...string) (list []Door) {
	for _, name := range names {
		list = append(list, Door{Face: face, Name: name, Free: who, About: House})
	}
	return list
}

// reading are doors that show the dossier, too.
func reading(list []Door) []Door {
	for i := range list {
		list[i].Reads = true
	}
	return list
}

// stays are command lines that work where the database is, whatever server is named.
func stays(why string, lists ...[]Door) []Door {
	list := slices.Concat(lists...)
	for i := range list {
		list[i].Stays = why
	}
	return list
}

// doors is every way in. What is not here is shut.
var doors = slices.Concat(
	// The API.
	free(API, Everybody, "GET /livez", "GET /healthz", "GET /readyz", "GET /version", "GET /metrics",
		"GET /openapi.json", "GET /docs", "GET /docs/docs.css", "GET /schemas/{type}", "GET /schemas/{$}", "GET /v1/results/{number}"),
	free(API, Provider, "POST /v1/payments/callbacks"),
	line(API, Rows, kind(List), "GET /v1/dossiers", "GET /v1/results"),
	line(API, Rows, kind(Feed), "GET /v1/events", "GET /v1/events/stream"),
	line(API, OneDossier, kind(Read), "GET /v1/dossiers/{id}", "GET /v1/dossiers/{id}/history", "GET /v1/dossiers/{id}/deadline", "GET /v1/dossiers/{id}/diff", "GET /v1/dossiers/{id}/timers", "GET /v1/dossiers/{id}/receipt", "GET /v1/dossiers/{id}/access",
		"GET /v1/dossiers/{id}/words", "GET /v1/dossiers/{id}/earlier", "GET /v1/dossiers/{id}/fee", "GET /v1/dossiers/{id}/files", "GET /v1/dossiers/{id}/signatures",
		"GET /v1/files/{id}/content", "GET /v1/files/{id}/signatures", "GET /v1/payment-orders/{reference}", "POST /v1/dossiers/{id}/payments/{number}/order"),
	sent(),
	line(API, OneDossier, one("attach-file"), "POST /v1/dossiers/{id}/files"),
	line(API, Upload, one("attach-file"), "HEAD /v1/files/{id}", "PATCH /v1/files/{id}"),
	line(API, OneDossier, one("sign-file"), "POST /v1/files/{id}/signatures"),
	line(API, House, kind(Read), "POST /v1/signatures/verify"),
	line(API, OneDossier, kind(LookUp), "POST /v1/dossiers/{id}/look-up"),
	free(API, SignedIn, "POST /v1/dossiers/{id}/{command}"), // says only that there is no such command
	line(API, Rows, kind(Bulks), "POST /v1/bulk"),
	line(API, OneBatch, kind(Batches), "GET /v1/bulk/{id}", "GET /v1/bulk/{id}/items", "POST /v1/bulk/{id}/dry-run", "POST /v1/bulk/{id}/run"),
	line(API, OneBatch, one("undo-act"), "POST /v1/bulk/{id}/undo", "POST /v1/bulk/{id}/undo/dry-run"),
	line(API, Rows, one("move-to-version"), "GET /v1/procedures/{id}/move"),
	line(API, House, kind(Consult), "GET /v1/calendars", "GET /v1/calendars/{code}", "GET /v1/calendars/{code}/count", "GET /v1/procedures", "GET /v1/procedures/{id}", "POST /v1/procedures/{id}/facts", "GET /v1/organisation"),
	line(API, House, kind(Rule), "POST /v1/procedures", "POST /v1/procedures/{id}/switch", "POST /v1/procedures/{id}/withdraw", "POST /v1/calendars"),
	line(API, Rows, kind(Timers), "GET /v1/timers"),
	line(API, House, kind(Operate), "POST /v1/organisation"),
	line(API, House, kind(Consult), "GET /v1/sandboxes"),
	line(API, Trial, kind(Try), "POST /v1/sandboxes/{agency}/reset"),
	line(API, Rows, kind(Audit), "GET /v1/access"),
	line(API, House, kind(Operate, Audit), "GET /v1/keys", "GET /v1/sessions", "POST /v1/keys/{prefix}/confirm", "POST /v1/subjects/confirm"),
	line(API, House, kind(Operate), "POST /v1/keys", "POST /v1/keys/{prefix}/revoke", "POST /v1/sessions/end", "POST /v1/subjects/link"),
	line(API, Person, kind(People), "GET /v1/persons/{ref}", "POST /v1/persons/search", "POST /v1/persons/names"),
	line(API, Person, kind(Enrol), "POST /v1/persons/{ref}", "POST /v1/persons/{ref}/correct"),
	line(API, Person, kind(Erase), "POST /v1/persons/{ref}/erase", "POST /v1/persons/{ref}/requests/{number}/answer", "POST /v1/persons/{ref}/requests/{number}/extend",
		"POST /v1/persons/{ref}/requests/{number}/done"),
	line(API, Person, kind(Oneself, People), "GET /v1/persons/{ref}/standing", "GET /v1/persons/{ref}/prefill"),
	line(API, Person, kind(Oneself, Enrol), "POST /v1/persons/{ref}/mandates", "POST /v1/persons/{ref}/mandates/{number}/end", "POST /v1/persons/{ref}/requests"),
	line(API, House, kind(Collect), "POST /v1/tills", "GET /v1/tills/{officer}/{day}", "POST /v1/tills/{day}/close", "GET /v1/receipt-books/{series}",
		"POST /v1/receipt-books/{series}/{number}/void", "POST /v1/receipt-books/{series}/{number}/give-back"),
	line(API, OneDossier, kind(Collect), "POST /v1/tills/payments"),
	line(API, House, kind(Reconcile), "POST /v1/tills/{officer}/{day}/transfer", "POST /v1/receipt-books/{series}", "POST /v1/receipt-books/{series}/hand",
		"POST /v1/payment-orders/{reference}/refund", "POST /v1/payment-orders/{reference}/cancel",
		"GET /v1/money/days/{day}", "POST /v1/money/days/{day}/settle", "POST /v1/money/days/{day}/explain"),

	// The pages.
	free(Web, Everybody, "GET /assets/{name}", "GET /{$}", "GET /procedures", "GET /track", "GET /check", "GET /check/{number}", "/"),
	free(Web, Entrance, "GET /login", "POST /login", "POST /logout", "GET /login/go", "GET /login/callback", "GET /account", "POST /account/post", "POST /account/others"),
	line(Web, House, kind(Roster), "GET /organisation"),
	line(Web, Rows, kind(List), "GET /dossiers", "GET /dossiers.csv", "GET /dossiers/live"),
	line(Web, Filing, one("submit"), "GET /dossiers/new", "POST /dossiers/new"),
	line(Web, OneDossier, kind(Read), "GET /dossiers/{id}", "GET /dossiers/{id}/deadline", "GET /dossiers/{id}/receipt", "GET /dossiers/{id}/words", "GET /dossiers/{id}/signatures"),
	line(Web, OneDossier, one("attach-file"), "GET /dossiers/{id}/files", "POST /dossiers/{id}/files"),
	reading(line(Web, OneDossier, anyCommand(), "GET /dossiers/{id}/do/{command}", "POST /dossiers/{id}/do/{command}")), // each command asks once more
	line(Web, Rows, kind(Bulks), "GET /bulk/new", "POST /bulk/new"),
	line(Web, OneBatch, kind(Batches), "GET /bulk/{id}", "POST /bulk/{id}/run"),
	line(Web, OneBatch, one("undo-act"), "POST /bulk/{id}/undo"),

	// The feed, on whichever face it is read.
	line(Feeds, Rows, kind(Feed), "events"),

	commandLines,
)

// sent are the commands to a dossier, each at a route of its own.
func sent() (list []Door) {
	list = line(API, Filing, one("submit"), "POST /v1/dossiers")
	for _, name := range dossier.CommandNames() {
		if _, is := actors[name]; is && name != "submit" {
			list = append(list, line(API, OneDossier, one(name), "POST /v1/dossiers/{id}/"+name)...)
		}
	}
	return list
}

func anyCommand() (acts []Act) {
	for _, name := range dossier.CommandNames() {
		if _, is := actors[name]; is && name != "submit" {
			acts = append(acts, Act{Kind: Command, Name: name})
		}
	}
	return acts
}

type doorKey struct {
	face Face
	name string
}

var doorsByName = func() map[doorKey]Door {
	by := make(map[doorKey]Door, len(doors))
	for _, d := range doors {
		by[doorKey{d.Face, d.Name}] = d
	}
	return by
}()

// insiders are all who work here or look after it.
var insiders = slices.DeleteFunc(domain.Roles(), func(r domain.Role) bool { return r == domain.Applicant })
