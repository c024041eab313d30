package handlers_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
)

// The tables of docs/rights.md are printed from the table that the doors go by; `go test ./handlers -run Rights -update` prints them again.
var update = flag.Bool("update", false, "print the tables of rights again")

const rightsFile, rightsBegin = "../docs/rights.md", "<!-- printed by the program: go test ./handlers -run TestTheTablesOfRights -update -->\n"

// behind and open are the closed lists in words.
var (
	behind = map[handlers.About]string{
		handlers.OneDossier: "one dossier", handlers.Filing: "a dossier to be filed", handlers.Rows: "rows", handlers.OneBatch: "a batch", handlers.Upload: "one's own upload", handlers.Person: "a person", handlers.Trial: "a sandbox, for who works in it and the system administrator", handlers.House: "the house",
	}
	open = map[handlers.Free]string{
		handlers.Everybody: "everybody", handlers.Provider: "the payment provider, by its signature", handlers.Entrance: "who signs in or out", handlers.SignedIn: "whoever is signed in", handlers.Machine: "whoever holds the machine",
	}
	faces = map[handlers.Face]string{handlers.API: "The API", handlers.Web: "The pages", handlers.CLI: "The command line", handlers.Feeds: "The feed"}
)

func printed(t *testing.T) string {
	var b strings.Builder
	for _, face := range handlers.Faces() {
		fmt.Fprintf(&b, "\n## %s\n\n| door | behind it | asks for | who |\n|---|---|---|---|\n", faces[face])
		for _, r := range handlers.Rights(face) {
			about, who, asks := behind[r.About], open[r.Free], "nothing"
			if about == "" || r.Free != "" && who == "" {
				t.Errorf("%s: no words for %q, %q", r.Name, r.About, r.Free)
			}
			if r.Free == "" {
				who, asks = everyone(r.Roles), asked(r.Asks)
			}
			if r.Reads {
				asks += ", and read"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Name, about, asks, who)
		}
	}
	return b.String()
}

func asked(acts []handlers.Act) string {
	var list []string
	for _, a := range acts {
		if a.Kind == handlers.Command {
			list = append(list, "`"+a.Name+"`")
		} else {
			list = append(list, string(a.Kind))
		}
	}
	if len(list) > 4 {
		return "the command that is named"
	}
	return strings.Join(list, " or ")
}

func everyone(roles []domain.Role) string {
	var list []string
	for _, r := range roles {
		list = append(list, strings.ToLower(dossier.Label("role", string(r), "en")))
	}
	if len(roles) == len(domain.Roles()) {
		return "every role"
	}
	return strings.Join(list, ", ")
}

func TestTheTablesOfRightsInTheDocumentsAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile(rightsFile)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(file), rightsBegin)
	if !found {
		t.Fatalf("%s has no line %q", rightsFile, rightsBegin)
	}
	want := before + rightsBegin + printed(t)
	if want == string(file) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the program goes by; print it again with: go test ./handlers -run TestTheTablesOfRights -update", rightsFile)
	}
	if err := os.WriteFile(rightsFile, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
