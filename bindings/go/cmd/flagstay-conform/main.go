// Flagstay-conform runs conformance vectors through the Go binding and reports one line for each dialect: dialect,
// language, passed, failed.
//
//	flagstay-conform DIR...
//
// The exit code is 0 when everything passed, 1 when something failed or nothing ran, 2 for misuse.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	places := os.Args[1:]
	if len(places) == 0 || strings.HasPrefix(places[0], "-") {
		fmt.Fprintln(os.Stderr, "usage: flagstay-conform DIR...")
		os.Exit(2)
	}
	var files []string
	for _, place := range places {
		found, err := find(place)
		if err != nil {
			fmt.Fprintf(os.Stderr, "flagstay-conform: %v\n", err)
			os.Exit(2)
		}
		files = append(files, found...)
	}
	report := newReport()
	for _, path := range files {
		runFile(path, report)
	}
	fmt.Print(report.text("go"))
	if !report.success() {
		os.Exit(1)
	}
}

// find lists the JSON files at or below a place, sorted, so that two runs print the same report.
func find(place string) ([]string, error) {
	about, err := os.Stat(place)
	if err != nil {
		return nil, err
	}
	if !about.IsDir() {
		return []string{place}, nil
	}
	var files []string
	err = filepath.WalkDir(place, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && filepath.Ext(path) == ".json" {
			files = append(files, path)
		}
		return err
	})
	sort.Strings(files)
	return files, err
}

func runFile(path string, report *report) {
	file, err := readFile(path)
	var unusable *unusableFile
	switch {
	case errors.As(err, &unusable):
		report.fail(unusable.dialect, failure{file: path, message: unusable.message})
	case file != nil:
		for _, text := range file.Cases {
			runCase(file, text, report)
		}
	}
}
