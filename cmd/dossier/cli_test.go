package main

import (
	"context"
	"net"
	"strings"
	"testing"
)

// here runs the program in this process.
func here(env map[string]string, args ...string) (code int, stdout, stderr string) {
	var out, talk strings.Builder
	code = run(context.Background(), append([]string{"dossier"}, args...), &out, &talk, func(name string) string { return env[name] })
	return code, out.String(), talk.String()
}

func TestAWrongCommandLineSaysWhatIsWrongAndExitsWith2(t *testing.T) {
	for line, want := range map[string]string{
		"sumbit":                       `unknown command "sumbit". Did you mean "submit"?`,
		"events rea":                   `Did you mean "read"?`,
		"show --vresion 3 x":           "vresion",
		"show":                         "say which dossier",
		"do x":                         "say which dossier and which command",
		"serve --roles api,baker":      `unknown role "baker"`,
		"serve":                        "DATABASE_URL is not set",
		"archive detach 7":             `dossier archive detach takes no "7"`,
		"archive list --data /nowhere": "set MIGRATE_DATABASE_URL",
		"version -o xml":               `unknown output format "xml"`,
		"dev --http 0.0.0.0:0":         "loopback only",
		"dev --http nowhere":           "no host:port",
		"import xes --mapping m.yaml":  "",
		"submit -f no-such-file.json":  "no-such-file.json",
		"submit --set a=1 -f x.json":   "not both",
		"import xes x.xes -m m --data": "",
	} {
		code, _, stderr := here(nil, strings.Fields(line)...)
		if code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("dossier %s: exit %d, %q lacks %q", line, code, stderr, want)
		}
		if want != "" && code != 2 {
			t.Errorf("dossier %s: exit %d, want 2 (%s)", line, code, stderr)
		}
	}
}

// testVaultKey wraps nothing that matters.
const testVaultKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

func TestProductionSaysWhichSettingIsMissing(t *testing.T) {
	env := map[string]string{"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
	for _, next := range []struct{ want, name, value string }{
		{"KAFKA_BROKERS is not set", "KAFKA_BROKERS", "127.0.0.1:1"},
		{"COMMAND_KEY must have at least 32", "COMMAND_KEY", strings.Repeat("k", 32)},
		{"VAULT_KEY is not set", "VAULT_KEY", testVaultKey},
	} {
		code, _, stderr := here(env, "serve")
		if code != 2 || !strings.Contains(stderr, next.want) {
			t.Fatalf("exit %d: %q lacks %q", code, stderr, next.want)
		}
		env[next.name] = next.value
	}
	if code, _, stderr := here(env, "serve"); code != 1 || !strings.Contains(stderr, "reach database") {
		t.Errorf("a database that is away: exit %d, %q", code, stderr)
	}
}

func TestATakenPortIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	code, _, stderr := here(nil, "dev", "--data", t.TempDir(), "--http", addr)
	if _, port, _ := net.SplitHostPort(addr); code != 1 || !strings.Contains(stderr, port) {
		t.Errorf("exit %d: %q does not name %s", code, stderr, addr)
	}
}

func TestWithoutASystemTheCommandsSayHowToStartOne(t *testing.T) {
	code, _, stderr := here(nil, "show", "case-1", "--data", t.TempDir())
	if code != 1 || !strings.Contains(stderr, "dossier dev") {
		t.Errorf("exit %d: %q", code, stderr)
	}
}

func TestSpreadsheetsGetNoFormulas(t *testing.T) {
	var out strings.Builder
	tab := &table{columns: []string{"a"}}
	tab.add(nil, "=cmd()")
	if err := tab.printCSV(&out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "\ufeffa\n'=cmd()\n" {
		t.Errorf("got %q", got)
	}
}

func TestTheHelpNamesTheEnvironment(t *testing.T) {
	code, out, _ := here(nil, "serve", "--help")
	for _, want := range []string{"HTTP_ADDR", "DOSSIER_ROLES", "production"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d: help lacks %q:\n%s", code, want, out)
		}
	}
}

func TestEveryCommandIsThere(t *testing.T) {
	code, out, _ := here(nil)
	if code != 0 {
		t.Fatalf("exit %d", code)
	}
	for _, name := range strings.Fields("dev serve migrate config submit do show history events access import organisation verify projections parked recover bench version") {
		if !strings.Contains(out, "\n   "+name+" ") {
			t.Errorf("%s is not in the help:\n%s", name, out)
		}
	}
}
