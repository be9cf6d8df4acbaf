// The demo: one boolean and one sticky text for a number of users.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/flagstay/flagstay-go"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Println("usage: demo RULESET_FILE STORE_URL COUNT")
		os.Exit(2)
	}
	count, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	client, err := flagstay.New(flagstay.Config{RulesetFile: os.Args[1], Store: os.Args[2]})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	for n := 1; n <= count; n++ {
		plan := "free"
		if n%2 == 0 {
			plan = "pro"
		}
		user := flagstay.NewUser(fmt.Sprintf("user-%d", n)).Set("plan", plan)
		checkout := client.Bool("new-checkout", user, false)
		// An error here says why the default was answered; the decision stands either way.
		colour, _ := client.Evaluate("button-colour", user, flagstay.Default("grey"))
		text, _ := colour.Text()
		fmt.Printf("user-%d new-checkout=%t button-colour=%s sticky=%t\n", n, checkout, text, colour.Sticky)
	}
}
