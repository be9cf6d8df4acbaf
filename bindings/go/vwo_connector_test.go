package flagstay

import (
	"encoding/json"
	"errors"
)

// The adapter of COMING-FROM-VWO-FME.md; a test compares the two.

// Connector is what a storage connector for VWO's SDK offers.
type Connector interface {
	Get(featureKey, userID string) (any, error)
	Set(data map[string]any) error
}

// ConnectorStore is a flagstay store over such a connector.
type ConnectorStore struct{ Connector Connector }

func (s ConnectorStore) Get(unit, flag string) (json.RawMessage, error) {
	data, err := s.Connector.Get(flag, unit)
	if data == nil || err != nil {
		return nil, err
	}
	return json.Marshal(data)
}

func (s ConnectorStore) Set(_, _ string, record json.RawMessage) error {
	var data map[string]any // has featureKey and userId
	if err := json.Unmarshal(record, &data); err != nil {
		return err
	}
	return s.Connector.Set(data)
}

// A connector cannot delete. For Forget, delete in its place what Get finds.
func (s ConnectorStore) Remove(_, _ string) error {
	return errors.New("the connector has no way to delete")
}
