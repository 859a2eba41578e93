package server

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/content"

	"holdfast/engine"
)

// contract holds requests and answers against the OpenAPI document.
type contract struct{ validator validator.Validator }

// theContract parses the document once for all tests: that takes longer than most of them.
var parseContract = sync.OnceValues(func() (*contract, []error) {
	document, err := libopenapi.NewDocument(openAPI)
	if err != nil {
		return nil, []error{err}
	}
	v, errs := validator.NewValidator(document,
		config.WithFormatAssertions(),
		config.WithBodyDecoder("application/x-ndjson", decoderOf(splitLines)),
		config.WithBodyDecoder("text/event-stream", decoderOf(splitMessages)),
	)
	return &contract{v}, errs
})

func theContract(t testing.TB) *contract {
	t.Helper()
	c, errs := parseContract()
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return c
}

// check fails the test unless the answer is one that the document allows for the request, and, when the server took
// all of it, the request too.
func (c *contract) check(t testing.TB, request *http.Request, body string, response *http.Response, answered []byte) {
	t.Helper()
	if response.Header.Get("Content-Type") == "" && len(answered) > 0 {
		t.Errorf("%s %s: answer without a Content-Type", request.Method, request.URL)
	}
	if fields := problemFields(response, answered); fields["code"] == codeNotFound || fields["code"] == codeMethodNotAllowed {
		return // of paths and methods that the document does not have
	}
	again := request.Clone(t.Context())
	again.Body = io.NopCloser(strings.NewReader(body))
	again.ContentLength = int64(len(body))
	copied := *response
	copied.Body = io.NopCloser(bytes.NewReader(answered))
	if response.StatusCode < 300 && request.Method != http.MethodHead && !bytes.Contains(answered, []byte(`,"line":`)) {
		_, errs := c.validator.ValidateHttpRequestSync(again)
		for _, err := range errs {
			t.Errorf("%s %s %s: the request breaks the contract: %v %v", request.Method, request.URL, body, err, err.SchemaValidationErrors)
		}
	}
	if request.Method == http.MethodHead {
		return // has no body, and the document speaks of GET
	}
	_, errs := c.validator.ValidateHttpResponse(again, &copied)
	for _, err := range errs {
		t.Errorf("%s %s: the answer breaks the contract: %v %v\n%s", request.Method, request.URL, err, err.SchemaValidationErrors, answered)
	}
}

// problemFields gives the fields of a problem, nil of any other answer. A problem says its own status.
func problemFields(response *http.Response, answered []byte) (fields map[string]any) {
	if response.Header.Get("Content-Type") == "application/problem+json" {
		_ = json.Unmarshal(answered, &fields)
	}
	return fields
}

// decoderOf reads a body of several JSON texts as an array.
func decoderOf(split func(body []byte) [][]byte) content.Decoder {
	return content.DecoderFunc(func(in *content.DecodeInput) (any, error) {
		body, err := io.ReadAll(in.Body)
		if err != nil {
			return nil, err
		}
		items := []any{}
		for _, text := range split(body) {
			var item any
			if err := json.Unmarshal(text, &item); err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return items, nil
	})
}

func splitLines(body []byte) (lines [][]byte) {
	for line := range bytes.Lines(body) {
		if !isBlank(bytes.TrimSuffix(line, newline)) {
			lines = append(lines, line)
		}
	}
	return lines
}

func splitMessages(body []byte) (messages [][]byte) {
	for line := range bytes.Lines(body) {
		if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			messages = append(messages, data)
		}
	}
	return messages
}

// document is the part of the OpenAPI document that tests compare with the code.
type document struct {
	Paths    map[string]map[string]any `json:"paths"`
	Problems map[string]struct {
		Status int    `json:"status"`
		Title  string `json:"title"`
	} `json:"x-problems"`
}

func readDocument(t *testing.T) (d document) {
	t.Helper()
	if err := json.Unmarshal(openAPI, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDocumentIsOpenAPI(t *testing.T) {
	if sound, errs := theContract(t).validator.ValidateDocument(); !sound {
		t.Fatal(errs[0], errs[0].SchemaValidationErrors)
	}
}

func TestDocumentListsTheRoutes(t *testing.T) {
	var listed, served []string
	for path, operations := range readDocument(t).Paths {
		for method := range operations {
			listed = append(listed, strings.ToUpper(method)+" "+path)
		}
	}
	for _, rt := range routes() {
		served = append(served, methodNames[rt.method]+" "+rt.pattern)
	}
	sort.Strings(listed)
	sort.Strings(served)
	if got, want := strings.Join(listed, "\n"), strings.Join(served, "\n"); got != want {
		t.Errorf("the document lists\n%s\n\nserved are\n%s", got, want)
	}
}

func TestDocumentListsTheProblems(t *testing.T) {
	listed := readDocument(t).Problems
	for _, kind := range problemKinds {
		if got := listed[kind.code]; got.Status != kind.status || got.Title != kind.title {
			t.Errorf("%s is %d %q, the document says %d %q", kind.code, kind.status, kind.title, got.Status, got.Title)
		}
		delete(listed, kind.code)
	}
	for code := range listed {
		t.Errorf("the document lists %s, which is never answered", code)
	}
}

// TestDocumentTellsALife sends what the document says of an order's whole life, step by step.
func TestDocumentTellsALife(t *testing.T) {
	var document struct {
		Tags []struct{ Name, Description string }
	}
	if err := json.Unmarshal(openAPI, &document); err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(document.Tags, func(tag struct{ Name, Description string }) bool { return tag.Name == "Orders" })
	steps := regexp.MustCompile("\\d+\\. `(\\w+) ([^`]+)`(?: `([^`]+)`)?").FindAllStringSubmatch(document.Tags[at].Description, -1)
	h := openIndexed(t, engine.Options{})
	h.stock("tea-black", 5)
	h.stock("tea-green", 5)
	var order map[string]any
	for _, step := range steps {
		method, path, body := step[1], step[2], step[3]
		if order != nil {
			path = strings.ReplaceAll(path, "{order}", order["id"].(string))
		}
		answer := h.do(method, path, body)
		if answer.status/100 != 2 {
			t.Fatalf("%s: %d %s", step[0], answer.status, answer.body)
		}
		if path == "/v1/orders" {
			_ = json.Unmarshal(answer.body, &order)
		}
	}
	end := h.want(200, "GET", "/v1/orders/"+order["id"].(string), "")
	if len(steps) != 15 || end["status"] != "completed" || end["payment_status"] != "partially_refunded" || end["return_status"] != "partially_returned" {
		t.Errorf("after %d steps: %v", len(steps), end)
	}
}
