package flagstay

import "encoding/json"

// The adapter of COMING-FROM-STATSIG.md; a test compares the two.

// PersistentStorage is what a persistent storage for Statsig's SDK offers. Record is what it keeps for one experiment or
// layer: the SDK's own type, a map[string]any, or json.RawMessage.
type PersistentStorage[Record any] interface {
	Load(key string) (map[string]Record, error)
	Save(key, configName string, record Record) error
	Delete(key, configName string) error
}

// PersistentStore is a flagstay store over such a storage.
type PersistentStore[Record any] struct{ Storage PersistentStorage[Record] }

func (s PersistentStore[Record]) Load(unit string) (map[string]json.RawMessage, error) {
	held, err := s.Storage.Load(unit) // the unit is the key: "user-1:userID"
	if err != nil {
		return nil, err
	}
	records := make(map[string]json.RawMessage, len(held))
	for config, record := range held {
		if records[config], err = json.Marshal(record); err != nil {
			return nil, err
		}
	}
	return records, nil
}

func (s PersistentStore[Record]) Get(unit, config string) (json.RawMessage, error) {
	records, err := s.Load(unit)
	return records[config], err
}

func (s PersistentStore[Record]) Set(unit, config string, record json.RawMessage) error {
	var kept Record
	if err := json.Unmarshal(record, &kept); err != nil {
		return err
	}
	return s.Storage.Save(unit, config, kept)
}

func (s PersistentStore[Record]) Remove(unit, config string) error {
	return s.Storage.Delete(unit, config)
}
