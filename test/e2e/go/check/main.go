// Type-checks one file for platforms GOOS/GOARCH, with the standard library's source for each.
package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"
)

func main() {
	build.Default.CgoEnabled = false
	for _, platform := range os.Args[2:] {
		build.Default.GOOS, build.Default.GOARCH, _ = strings.Cut(platform, "/")
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, os.Args[1], nil, 0)
		if err == nil {
			config := types.Config{Importer: importer.ForCompiler(files, "source", nil)}
			_, err = config.Check("main", files, []*ast.File{file}, nil)
		}
		fmt.Println(platform, err)
	}
}
