package flagstay

import (
	"os"
	"strings"
	"testing"
)

func TestTheAdaptersOfThePagesAreThoseThatAreTested(t *testing.T) {
	for page, adapter := range map[string]struct{ file, begins string }{
		"COMING-FROM-VWO-FME.md": {"vwo_connector_test.go", "// Connector is "},
		"COMING-FROM-STATSIG.md": {"statsig_storage_test.go", "// PersistentStorage is "},
		"COMING-FROM-FEATBIT.md": {"internal/featbit/environment.go", "// Environment is "},
	} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		source, err := os.ReadFile(adapter.file)
		if err != nil {
			t.Fatal(err)
		}
		start := strings.Index(string(source), adapter.begins)
		if start < 0 || !strings.Contains(string(text), "```go\n"+string(source[start:])+"```\n") {
			t.Errorf("%s does not have the adapter of %s word for word", page, adapter.file)
		}
	}
}
