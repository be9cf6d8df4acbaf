package flagstay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/flagstay/flagstay-go"
)

// The adapter of COMING-FROM-FEATBIT.md; a test compares the two.

// Environment is where FeatBit keeps the flags of one environment, and takes its events.
type Environment struct {
	URL    string // of the evaluation server, such as "http://localhost:5100"
	Secret string
}

// Update fetches the flags and segments as they are now, and hands them to a client.
func (e Environment) Update(ctx context.Context, client *flagstay.Client) error {
	message, err := e.call(ctx, http.MethodGet, "/api/public/sdk/server/latest-all", nil)
	if err != nil {
		return err
	}
	return client.Update(message)
}

// Deliver posts what waits at a client, fifty events at a time. Those that cannot be posted in two attempts are lost; the
// others wait for the next time.
func (e Environment) Deliver(ctx context.Context, client *flagstay.Client) error {
	for {
		events, err := client.DrainEvents(50)
		if err != nil || len(events) == 0 {
			return err
		}
		body, err := json.Marshal(events)
		if err != nil {
			return err
		}
		if _, err = e.call(ctx, http.MethodPost, "/api/public/insight/track", body); err != nil {
			time.Sleep(100 * time.Millisecond)
			_, err = e.call(ctx, http.MethodPost, "/api/public/insight/track", body)
		}
		if err != nil {
			return fmt.Errorf("%d events are lost: %w", len(events), err)
		}
	}
}

func (e Environment) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, e.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", e.Secret)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, response.Status)
	}
	return answer, err
}
