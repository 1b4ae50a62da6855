package stack_test

import (
	"os"
	"strings"
	"testing"
)

// TestDocs_ExampleOfATest_IsOneThatRuns holds the example that newcomers copy to its
// source.
func TestDocs_ExampleOfATest_IsOneThatRuns(t *testing.T) {
	page, err := os.ReadFile("../../../docs/dev/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("acc_plan_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```go\n")
	example, _, ended := strings.Cut(rest, "```")
	if !found || !ended || !strings.Contains(string(source), example) {
		t.Error("the example of docs/dev/testing.md is not in acc_plan_test.go: copy it from there")
	}
}
