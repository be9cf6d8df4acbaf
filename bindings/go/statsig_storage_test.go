package flagstay

import "encoding/json"

// The adapter of COMING-FROM-STATSIG.md and of the general page; a test compares them.

// PersistentStorage is the storage that you have, with records of type R.
type PersistentStorage[R any] interface {
	Load(key string) (map[string]R, error)
	Save(key, configName string, record R) error
	Delete(key, configName string) error
}

// SavedStore is a flagstay store over such a storage.
type SavedStore[R any] struct{ Storage PersistentStorage[R] }

func (s SavedStore[R]) Load(unit string) (map[string]json.RawMessage, error) {
	saved, err := s.Storage.Load(unit)
	if err != nil {
		return nil, err
	}
	records := make(map[string]json.RawMessage, len(saved))
	for flag, record := range saved {
		text, err := json.Marshal(record)
		if err != nil {
			return nil, err
		}
		records[flag] = text
	}
	return records, nil
}

func (s SavedStore[R]) Get(unit, flag string) (json.RawMessage, error) {
	records, err := s.Load(unit)
	return records[flag], err
}

func (s SavedStore[R]) Set(unit, flag string, record json.RawMessage) error {
	var saved R
	if err := json.Unmarshal(record, &saved); err != nil {
		return err
	}
	return s.Storage.Save(unit, flag, saved)
}

func (s SavedStore[R]) Remove(unit, flag string) error { return s.Storage.Delete(unit, flag) }
