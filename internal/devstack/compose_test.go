package devstack

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

const root = "../../"

// service is what the tests ask of one.
type service struct {
	Image       string
	Build       any
	Command     []string
	Environment map[string]string
	Ports       []string
	Restart     string
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Healthcheck struct {
		Test    []string
		Disable bool
	}
}

// ends: a service for one errand, not one that stays.
func (s service) ends() bool { return s.Restart == "no" }

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func services(t *testing.T) map[string]service {
	t.Helper()
	var file struct{ Services map[string]service }
	if err := yaml.Unmarshal(read(t, root+"docker-compose.yml"), &file); err != nil {
		t.Fatal(err)
	}
	return file.Services
}

// composeSchema compiles the schema of the Compose Specification.
func composeSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(read(t, "testdata/compose-spec.json")))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("compose-spec.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("compose-spec.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func fromYAML(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheComposeFileIsWhatComposeExpects(t *testing.T) {
	t.Parallel()
	schema, text := composeSchema(t), read(t, root+"docker-compose.yml")
	if err := schema.Validate(fromYAML(t, text)); err != nil {
		t.Error(err)
	}
	wrong := bytes.Replace(text, []byte("healthcheck:"), []byte("healthchek:"), 1)
	if schema.Validate(fromYAML(t, wrong)) == nil {
		t.Error("the schema accepts a misspelt healthcheck, so it checks nothing")
	}
}

func TestComposeRunsPostgresKafkaAndTheApplication(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"postgres", "kafka", "migrate", "app"} {
		if _, ok := services(t)[name]; !ok {
			t.Errorf("service %s is missing", name)
		}
	}
}

func TestEveryImageHasATag(t *testing.T) {
	t.Parallel()
	for name, s := range services(t) {
		if _, tag, ok := strings.Cut(s.Image, ":"); !ok || tag == "latest" {
			t.Errorf("%s: image %q", name, s.Image)
		}
	}
}

// `docker compose up --wait` waits for health checks, and accepts an ended container only when another service waits for it.
func TestUpWaitKnowsWhenEachServiceIsReady(t *testing.T) {
	t.Parallel()
	all := services(t)
	for name, s := range all {
		if !s.ends() {
			if s.Healthcheck.Disable || len(s.Healthcheck.Test) == 0 {
				t.Errorf("%s has no health check", name)
			}
			continue
		}
		var awaited bool
		for _, other := range all {
			awaited = awaited || other.DependsOn[name].Condition == "service_completed_successfully"
		}
		if !awaited || !s.Healthcheck.Disable {
			t.Errorf("%s ends: it wants no health check, and a service that waits for its success", name)
		}
	}
}

func TestOnlyTheApplicationIsPublishedAndOnLoopback(t *testing.T) {
	t.Parallel()
	for name, s := range services(t) {
		for _, p := range s.Ports {
			if name != "app" || !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s publishes %s", name, p)
			}
		}
	}
}

func TestTheApplicationDoesNotOwnTheTables(t *testing.T) {
	t.Parallel()
	app, migrate := services(t)["app"], services(t)["migrate"]
	if !strings.HasPrefix(app.Environment["DATABASE_URL"], "postgres://dossier_app:") || app.Environment["MIGRATE_DATABASE_URL"] != "" {
		t.Errorf("app runs with %v", app.Environment)
	}
	if strings.Contains(migrate.Environment["MIGRATE_DATABASE_URL"], "dossier_app") {
		t.Errorf("migrate runs with %v", migrate.Environment)
	}
}

var secret = regexp.MustCompile(`(?i)(//[^:/@]+:[^:/@]+@|password.*'([^']+)'|(?:password|key): (\S+))`)

func TestEverySecretInComposeSaysThatItIsADemo(t *testing.T) {
	t.Parallel()
	for _, line := range strings.Split(string(read(t, root+"docker-compose.yml")), "\n") {
		if secret.MatchString(line) && !strings.Contains(line, "demo-only") && !strings.Contains(line, ": *") {
			t.Errorf("a secret that does not say demo-only: %s", strings.TrimSpace(line))
		}
	}
}

func TestTheImageIsBuiltWithTheGoOfGoMod(t *testing.T) {
	t.Parallel()
	mod := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(read(t, root+"go.mod"))
	image := regexp.MustCompile(`(?m)^FROM golang:(\d+\.\d+)`).FindSubmatch(read(t, root+"Dockerfile"))
	if mod == nil || image == nil || !bytes.Equal(mod[1], image[1]) {
		t.Errorf("go.mod says %q, Dockerfile %q", mod, image)
	}
}

func TestTheImageRunsAsNobodySpecialAndKnowsItsHealth(t *testing.T) {
	t.Parallel()
	lines := strings.Split(string(read(t, root+"Dockerfile")), "\n")
	last := slices.Index(lines, "FROM scratch")
	if last < 0 {
		t.Fatal("the last stage is not scratch")
	}
	final := strings.Join(lines[last:], "\n")
	for _, want := range []string{"USER 65532", "HEALTHCHECK", "ca-certificates.crt"} {
		if !strings.Contains(final, want) {
			t.Errorf("the last stage lacks %s", want)
		}
	}
}

// The image's build copies what .dockerignore lets through: every embedded folder must be among it.
func TestTheBuildSeesNoTestsButAllItEmbeds(t *testing.T) {
	t.Parallel()
	ignored := strings.Fields(string(read(t, root+".dockerignore")))
	for _, dir := range []string{"cmd", "domain", "eventstore", "projections", "handlers", "migrations", "internal"} {
		if slices.Contains(ignored, dir) {
			t.Errorf("%s is kept from the build", dir)
		}
	}
	if !slices.Contains(ignored, ".git") {
		t.Error(".git is sent to the build")
	}
}
