package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
)

// place is where gremlins says it changed something.
type place struct {
	file         string
	line, column int
}

// site is what stands there, in words that stay when lines move.
type site struct {
	function   string // "Date.End"; "" outside of functions
	expression string
	text       bool // it joins texts
}

// sources are the files of a package that are not tests.
func sources(folder string) (files []string, err error) {
	all, err := filepath.Glob(filepath.Join(folder, "*.go"))
	for _, f := range all {
		if !strings.HasSuffix(f, "_test.go") {
			files = append(files, f)
		}
	}
	return files, err
}

func packageName(file string) (string, error) {
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
	if err != nil {
		return "", err
	}
	return tree.Name.Name, nil
}

// parse reads the files of a package that are not tests.
func parse(pkg string) (set *token.FileSet, files []*ast.File, info *types.Info, err error) {
	paths, err := sources(pkg)
	if err != nil {
		return nil, nil, nil, err
	}
	set = token.NewFileSet()
	for _, path := range paths {
		tree, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, nil, nil, err
		}
		files = append(files, tree)
	}
	info = &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	if _, err := (&types.Config{Importer: importer.ForCompiler(set, "source", nil)}).Check(pkg, set, files, info); err != nil {
		return nil, nil, nil, fmt.Errorf("check the types: %w", err)
	}
	return set, files, info, nil
}

// sitesOf finds every operator of a package.
func sitesOf(pkg string) (map[place]site, error) {
	set, files, info, err := parse(pkg)
	if err != nil {
		return nil, err
	}
	sites := map[place]site{}
	for _, tree := range files {
		for _, decl := range tree.Decls {
			function := nameOf(decl)
			ast.Inspect(decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BinaryExpr:
					sites[at(set, n.OpPos)] = site{function, written(set, n), isText(info.TypeOf(n))}
				case *ast.UnaryExpr:
					sites[at(set, n.OpPos)] = site{function: function, expression: written(set, n)}
				case *ast.IncDecStmt:
					sites[at(set, n.TokPos)] = site{function: function, expression: written(set, n)}
				}
				return true
			})
		}
	}
	return sites, nil
}

func at(set *token.FileSet, pos token.Pos) place {
	p := set.Position(pos)
	return place{filepath.Base(p.Filename), p.Line, p.Column}
}

// nameOf is a function's name, behind its receiver's type.
func nameOf(decl ast.Decl) string {
	f, is := decl.(*ast.FuncDecl)
	if !is {
		return ""
	}
	if f.Recv == nil {
		return f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	for {
		switch r := receiver.(type) {
		case *ast.StarExpr:
			receiver = r.X
		case *ast.IndexExpr:
			receiver = r.X
		case *ast.Ident:
			return r.Name + "." + f.Name.Name
		default:
			return f.Name.Name
		}
	}
}

// written is an expression on one line.
func written(set *token.FileSet, n ast.Node) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, set, n); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func isText(t types.Type) bool {
	basic, is := t.Underlying().(*types.Basic)
	return is && basic.Info()&types.IsString != 0
}
