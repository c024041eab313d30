// Command mutate asks whether the tests of the domain would notice a mistake: it lets go-gremlins change one operator at a time and
// counts the changes that no test of the same package fails on.
//
// Each package is tested in a copy of the module that holds no more than the package needs, under a module name that is no part of its
// paths: gremlins v0.6.0 takes the module's name out of every path wherever it stands, so in a module called dossier it finds nothing
// covered in domain/dossier. In the copy tests run with -short and the laws on few, fixed examples: a mutant's fate must not be chance.
// Gremlins calls this program in place of go (stand_in.go).
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	if filepath.Base(os.Args[0]) == "go" {
		os.Exit(standIn(os.Args[1:]))
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	gremlins := flags.String("gremlins", ".bin/gremlins", "the program go-gremlins")
	results := flags.String("results", ".mutants", "the folder in which the fate of every mutant is kept")
	if err := flags.Parse(args); err != nil {
		return err
	}
	packages, err := packagesOf("domain", flags.Args())
	if err != nil {
		return err
	}
	program, err := filepath.Abs(*gremlins)
	if err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(*results), os.MkdirAll(*results, 0o755)); err != nil {
		return fmt.Errorf("empty the folder of results: %w", err)
	}
	listed, err := readList("docs/mutation.md")
	if err != nil {
		return err
	}
	var all []mutant
	for _, p := range packages {
		began := time.Now()
		mutants, err := unleash(program, p)
		if err != nil {
			return fmt.Errorf("mutate %s: %w", p, err)
		}
		if err := keep(*results, p, mutants); err != nil {
			return err
		}
		fmt.Printf("%-18s %s, %s\n", p, tallyOf(mutants), time.Since(began).Round(time.Second))
		all = append(all, mutants...)
	}
	fmt.Printf("%-18s %s\n", "all", tallyOf(all))
	return judge(all, listed)
}

// packagesOf lists the packages under a folder that have code, or those that were asked for by the end of their path.
func packagesOf(under string, asked []string) (packages []string, err error) {
	err = filepath.WalkDir(under, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() != "testdata" {
			if files, _ := sources(path); len(files) > 0 {
				packages = append(packages, filepath.ToSlash(path))
			}
		}
		return err
	})
	if err != nil || len(asked) == 0 {
		return packages, err
	}
	var chosen []string
	for _, name := range asked {
		i := slices.IndexFunc(packages, func(p string) bool { return p == name || strings.HasSuffix(p, "/"+name) })
		if i < 0 {
			return nil, fmt.Errorf("there is no package %q: choose of %s", name, strings.Join(packages, ", "))
		}
		chosen = append(chosen, packages[i])
	}
	return chosen, nil
}

// module is the name of the copy.
const module = "mutated.example/module"

// unleash lets gremlins loose on a copy of one package.
func unleash(program, pkg string) ([]mutant, error) {
	dir, err := os.MkdirTemp("", "dossier-mutate-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the copy: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := copyPackage(pkg, dir); err != nil {
		return nil, err
	}
	switched, err := os.MkdirTemp("", "dossier-mutate-switched-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the program with all changes: %w", err)
	}
	defer os.RemoveAll(switched)
	file, err := switchAll(pkg, switched, dir)
	if err != nil {
		return nil, err
	}
	report := filepath.Join(dir, "report.json")
	// A mutant may eat memory without end; it dies at 4 GB. Files of packages below this one have a slash in their path.
	cmd := exec.Command("sh", "-c", `ulimit -v 4194304 2>/dev/null; exec "$0" "$@"`,
		program, "unleash", "--config", ".gremlins.yaml", "--output", report, "--exclude-files", "/", "./"+pkg)
	cmd.Dir = dir
	if cmd.Env, err = standInEnv(dir); err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Env, board+"="+file)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("gremlins: %w\n%s", err, out)
	}
	if b, err := os.ReadFile(file + ".built"); err == nil {
		fmt.Printf("%-18s built one by one:\n%s", pkg, b)
	}
	return read(report, pkg)
}

// copyPackage copies a package, what it and its tests import of ours, and the files its tests read.
func copyPackage(pkg, dir string) error {
	list := exec.Command("go", "list", "-deps", "-test", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}} {{.Dir}}", "./"+pkg)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("list what it imports: %w", err)
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	requires, folders := map[string]bool{}, map[string]bool{"docs": true}
	for _, line := range strings.Split(string(out), "\n") {
		switch words := strings.Fields(line); {
		case len(words) == 3:
			requires[words[0]+" "+words[1]] = true
		case len(words) == 2 && strings.HasPrefix(words[1], root): // ours; the standard library has no module
			own, _ := filepath.Rel(root, words[1])
			folders[own] = true
		}
	}
	text := "module " + module + "\n\ngo " + goVersion() + "\n"
	for _, r := range slices.Sorted(maps.Keys(requires)) {
		text += "\nrequire " + r
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text+"\n"), 0o644); err != nil {
		return err
	}
	for _, file := range []string{"go.sum", ".gremlins.yaml"} {
		if err := copyFile(file, filepath.Join(dir, file)); err != nil {
			return err
		}
	}
	for folder := range folders {
		if err := copyFolder(folder, filepath.Join(dir, folder), folder == "docs"); err != nil {
			return err
		}
	}
	return fewLaws(pkg, dir)
}

func goVersion() string {
	b, _ := os.ReadFile("go.mod")
	if m := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(b); m != nil {
		return string(m[1])
	}
	return "1.26"
}

// copyFolder copies the files of a folder, with what tests read below it. Packages below it are copied when they are imported.
func copyFolder(from, to string, docs bool) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		own, _ := filepath.Rel(from, path)
		target := filepath.Join(to, own)
		switch code, _ := sources(path); {
		case d.IsDir() && (path == from || len(code) == 0):
			return os.MkdirAll(target, 0o755)
		case d.IsDir():
			return fs.SkipDir
		case docs && filepath.Ext(path) == ".go":
			return nil // tests of the documents
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if filepath.Ext(from) == ".go" {
		b = ours.ReplaceAll(b, []byte("${1}"+module+"/"))
	}
	return os.WriteFile(to, b, 0o644)
}

// ours begins an import of this module.
var ours = regexp.MustCompile(`(?m)^(\s*(?:import )?(?:[a-z]+ )?")dossier/`)

// fewLaws sets how many examples a law is tried on, and always the same.
func fewLaws(pkg, dir string) error {
	files, err := sources(filepath.Join(dir, pkg))
	if err != nil {
		return err
	}
	name, err := packageName(files[0])
	if err != nil {
		return err
	}
	text := "package " + name + "_test\n\nimport (\n\t\"flag\"\n\n\t_ \"pgregory.net/rapid\"\n)\n\nfunc init() {\n"
	for _, set := range [][2]string{{"checks", "60"}, {"seed", "20261126"}, {"nofailfile", "true"}, {"shrinktime", "1ms"}} { // -short divides checks by five
		text += fmt.Sprintf("\t_ = flag.Set(%q, %q)\n", "rapid."+set[0], set[1])
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || !strings.Contains(string(mod), "pgregory.net/rapid") {
		return err // a package without laws
	}
	return os.WriteFile(filepath.Join(dir, pkg, "few_laws_test.go"), []byte(text+"}\n"), 0o644)
}

// read puts a report of gremlins and the source together.
func read(report, pkg string) ([]mutant, error) {
	b, err := os.ReadFile(report)
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	var told struct {
		Files []struct {
			Name      string `json:"file_name"`
			Mutations []struct {
				Type, Status string
				Line, Column int
			}
		}
	}
	if err := json.Unmarshal(b, &told); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	sites, err := sitesOf(pkg)
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, f := range told.Files {
		for _, m := range f.Mutations {
			at := place{filepath.Base(f.Name), m.Line, m.Column}
			s, known := sites[at]
			if !known {
				return nil, fmt.Errorf("%s:%d:%d: gremlins changed something that is not there: the source was edited meanwhile", f.Name, m.Line, m.Column)
			}
			if s.text || m.Status == "NOT VIABLE" {
				continue // a minus between texts does not compile: no mutant, although gremlins calls it killed
			}
			all = append(all, mutant{named{pkg, s.function, m.Type, s.expression}, m.Status, at.file, at.line})
		}
	}
	return all, nil
}

func keep(folder, pkg string, mutants []mutant) error {
	b, err := json.MarshalIndent(mutants, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, strings.ReplaceAll(pkg, "/", "-")+".json"), append(b, '\n'), 0o644)
}
