package flagstay

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A process has one library, so what happens without one is looked at in processes of their own: this test binary,
// with a task in this variable.
const childTask = "FLAGSTAY_TEST_CHILD"

// runChild does the task; usually it makes a client and prints what came of it.
func runChild() int {
	if os.Getenv(childTask) == zeroValuesTask {
		return runZeroValues()
	}
	if path := os.Getenv("FLAGSTAY_TEST_LOAD"); path != "" {
		if err := Load(path); err != nil {
			fmt.Println(err)
			return 3
		}
	}
	client, err := New(Config{})
	if err != nil {
		fmt.Println(err, "| is ErrLibrary:", errors.Is(err, ErrLibrary))
		fmt.Println(NewUser("u").Err())
		return 3
	}
	version, err := Version()
	fmt.Println("version", version, err, client.Close())
	return 0
}

func child(t *testing.T, executable string, environment ...string) (output string, code int) {
	t.Helper()
	if executable == "" {
		executable, _ = os.Executable()
	}
	command := exec.Command(executable)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "FLAGSTAY_") && !strings.HasPrefix(variable, "LD_LIBRARY_PATH=") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(append(command.Env, childTask+"=1"), environment...)
	said, err := command.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return string(said), command.ProcessState.ExitCode()
}

func theLibrary(t *testing.T) string {
	t.Helper()
	if _, err := Version(); err != nil {
		t.Fatal(err)
	}
	return library.path
}

func TestAMissingLibraryIsAnErrorThatNamesEveryPlaceTried(t *testing.T) {
	output, code := child(t, "")
	executable, _ := os.Executable()
	beside := filepath.Join(filepath.Dir(executable), "libflagstay.so.1")
	for _, wanted := range []string{beside, "; libflagstay.so.1 (", libraryVariable, "is ErrLibrary: true"} {
		if !strings.Contains(output, wanted) {
			t.Errorf("%q does not say %q", output, wanted)
		}
	}
	if code != 3 {
		t.Errorf("exit code %d", code)
	}
}

func TestALibraryThatWasAskedForIsTheOnlyOneTried(t *testing.T) {
	output, code := child(t, "", libraryVariable+"=/nowhere/libflagstay.so")
	if code != 3 || !strings.Contains(output, "/nowhere/libflagstay.so") || strings.Contains(output, "; libflagstay") {
		t.Errorf("exit code %d: %q", code, output)
	}
	if output, code := child(t, "", "FLAGSTAY_TEST_LOAD="+theLibrary(t)); code != 0 {
		t.Errorf("exit code %d: %q", code, output)
	}
}

func TestALibraryBesideTheExecutableIsFound(t *testing.T) {
	folder := t.TempDir()
	executable, _ := os.Executable()
	for from, to := range map[string]string{executable: "program", theLibrary(t): "libflagstay.so.1"} {
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, to), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if output, code := child(t, filepath.Join(folder, "program")); code != 0 || !strings.HasPrefix(output, "version ") {
		t.Errorf("exit code %d: %q", code, output)
	}
}

func TestALibraryThatLacksAFunctionOrIsTooOldIsRefusedAndSaysSo(t *testing.T) {
	folder := t.TempDir()
	declared, err := os.ReadFile("shim.c")
	if err != nil {
		t.Fatal(err)
	}
	// Every name of the table, so that only the version is wrong.
	old := "unsigned flagstay_abi_version(void) { return 0; }\n"
	for _, part := range strings.Split(string(declared), "X(")[1:] {
		name, _, _ := strings.Cut(part, ")")
		if name != "abi_version" && !strings.HasPrefix(name, "name") {
			old += "void flagstay_" + name + "(void) {}\n"
		}
	}
	for _, wrong := range []struct{ name, source, said string }{
		{"empty", "int flagstay_unrelated;", "it has no function flagstay_abi_version"},
		{"old", old, "its ABI version is 0, and this package needs at least "},
	} {
		source := filepath.Join(folder, wrong.name+".c")
		object := filepath.Join(folder, wrong.name+".so")
		if err := os.WriteFile(source, []byte(wrong.source), 0o644); err != nil {
			t.Fatal(err)
		}
		compiler := "cc"
		if named := os.Getenv("CC"); named != "" {
			compiler = named
		}
		if said, err := exec.Command(compiler, "-shared", "-fPIC", "-o", object, source).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		output, code := child(t, "", libraryVariable+"="+object)
		if code != 3 || !strings.Contains(output, wrong.said) {
			t.Errorf("%s: exit code %d: %q", wrong.name, code, output)
		}
	}
}

func TestALoadedLibraryIsNotExchanged(t *testing.T) {
	path := theLibrary(t)
	if err := Load(path); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if err := Load("/nowhere/libflagstay.so"); !errors.Is(err, ErrLibrary) || !strings.Contains(err.Error(), path) {
		t.Errorf("another one: %v", err)
	}
}

func TestTheHeaderIsThatOfTheRepository(t *testing.T) {
	original, err := os.ReadFile("../../include/flagstay.h")
	if errors.Is(err, os.ErrNotExist) {
		t.Log("this is no checkout of the whole repository: there is nothing to compare with")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	copied, err := os.ReadFile("flagstay.h")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(original, copied) {
		t.Error("flagstay.h differs from include/flagstay.h: run `cp ../../include/flagstay.h .`")
	}
}
