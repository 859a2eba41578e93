package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeOrder sends what README tells newcomers to send, with the shell and curl that they have: no step is refused, and the order is at the end what the
// text says.
func TestReadmeOrder(t *testing.T) {
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, "no "+program)
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, t.TempDir(), "--demo")
	script := strings.ReplaceAll(commandsOf(t, string(text), "## One order, from click to refund"), "localhost:8080", s.address)
	// curl fails for a refusal, as nobody reads the answers here.
	shell := exec.Command("bash", "-euo", "pipefail", "-c", `curl() { command curl --fail-with-body "$@"; }`+"\n"+script+"\necho; echo ORDER $ORDER")
	shell.Dir = t.TempDir()
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	_, id, _ := strings.Cut(string(out), "\nORDER ")
	order, err := s.client().Order(t.Context(), strings.TrimSpace(id))
	if err != nil {
		t.Fatal(err)
	}
	if order.Status != "completed" || order.Fulfilment != "fulfilled" || order.PaymentStatus != "partially_refunded" || order.Amounts.Captured != 3970 || order.Amounts.Refunded != 790 {
		t.Errorf("at the end it is %+v", order)
	}
	if audit, err := s.client().Audit(t.Context()); err != nil || !audit.OK {
		t.Errorf("audit: %+v %v", audit, err)
	}
	slip, err := os.ReadFile(filepath.Join(shell.Dir, "slip.pdf"))
	if err != nil || !strings.HasPrefix(string(slip), "%PDF-") {
		t.Errorf("the packing slip is %.20q: %v", slip, err)
	}
}

// commandsOf gives the commands of a section: its indented lines, but for those that show an answer.
func commandsOf(t *testing.T, text, heading string) string {
	t.Helper()
	_, section, ok := strings.Cut(text, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("README has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var commands []string
	answer := false
	for line := range strings.Lines(section) {
		code, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		switch {
		case !indented:
			answer = false
		case strings.HasPrefix(code, "{"):
			answer = true
		}
		if indented && !answer {
			commands = append(commands, code)
		}
	}
	return strings.Join(commands, "\n")
}
