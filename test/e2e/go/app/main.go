// What a program of a user does with its secrets, one way for each first argument.
package main

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
)

// Made before any init runs.
var early = func() string {
	if len(os.Args) > 1 && os.Args[1] == "early" {
		return Secrets.DatabaseUrl()
	}
	return ""
}()

func main() {
	switch os.Args[1] {
	case "early":
		fmt.Println(early)
	case "print":
		fmt.Print(Secrets.DatabaseUrl())
	case "size":
		fmt.Println(len(Secrets.DatabaseUrl()))
	case "undelivered":
		fmt.Println(Secrets.StripeKey())
	case "none":
		fmt.Println("ran")
	case "traces":
		for _, path := range []string{"/proc/self/environ", "/proc/self/cmdline"} {
			content, err := os.ReadFile(path)
			fmt.Println(string(content), err)
		}
		_, variable := os.LookupEnv("TAKO_PIPE")
		_, err := os.Readlink("/proc/self/fd/3")
		fmt.Println("variable:", variable, "closed:", os.IsNotExist(err))
	case "goroutines":
		goroutines()
	case "redaction":
		redaction()
	case "walk":
		walk(reflect.ValueOf(&Secrets), 0)
	case "replaced":
		Secrets.DatabaseUrl = func() string { return "from a test" }
		fmt.Println(Secrets.DatabaseUrl())
	}
}

func goroutines() {
	var group sync.WaitGroup
	same := make([]bool, 64)
	for i := range same {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			for turn := 0; turn < 100; turn++ {
				same[i] = Secrets.DatabaseUrl() == "canary" && fmt.Sprint(Secrets) == "[REDACTED]"
			}
		}(i)
	}
	group.Wait()
	fmt.Println(strings.Count(fmt.Sprint(same), "true"))
}

func redaction() {
	everywhere := []interface{}{
		Secrets, &Secrets, []interface{}{Secrets}, map[string]interface{}{"s": Secrets},
		struct{ S interface{} }{Secrets}, struct{ s interface{} }{Secrets}, Secrets.DatabaseUrl,
		fmt.Errorf("wrapped: %v", Secrets),
	}
	for _, verb := range strings.Split("v +v #v s q x X d o b c U e g t p T 10s -5q", " ") {
		for i, it := range everywhere {
			fmt.Printf("%d %s %"+verb+"\n", i, verb, it)
		}
	}
	fmt.Println("concatenated " + Secrets.String())
	for i, it := range everywhere {
		inJSON, err := json.Marshal(it)
		fmt.Println("json", i, string(inJSON), err)
		inXML, err := xml.Marshal(it)
		fmt.Println("xml", i, string(inXML), err)
		var inGob bytes.Buffer
		err = gob.NewEncoder(&inGob).Encode(it)
		fmt.Println("gob", i, inGob.String(), err)
	}
}

// walk prints whatever reflection gets to, unexported fields too.
func walk(value reflect.Value, depth int) {
	fmt.Println(depth, value.Kind(), value.String())
	switch value.Kind() {
	case reflect.Ptr, reflect.Interface:
		walk(value.Elem(), depth+1)
	case reflect.Struct:
		for i := 0; i < value.NumField(); i++ {
			walk(value.Field(i), depth+1)
		}
	}
}
