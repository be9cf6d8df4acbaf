package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// caseStore is the store of a case: a map of records as JSON text, as a program that embeds flagstay would bring one.
type caseStore struct {
	mutex    sync.Mutex
	records  map[place]json.RawMessage
	failGets bool
	failSets bool
}

type place struct {
	unit, flag string
}

func newCaseStore(records []storedRecord, fault string) (*caseStore, error) {
	store := &caseStore{records: map[place]json.RawMessage{}}
	switch fault {
	case "":
	case "get":
		store.failGets = true
	case "set":
		store.failSets = true
	case "both":
		store.failGets, store.failSets = true, true
	default:
		return nil, fmt.Errorf("config.store_fault: `%s` is not known", fault)
	}
	for _, stored := range records {
		store.records[place{stored.Unit, stored.Flag}] = stored.Record
	}
	return store, nil
}

// list gives every record, as the vectors list them.
func (s *caseStore) list() (any, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	listed := []any{}
	for where, text := range s.records {
		record, err := decode(text)
		if err != nil {
			return nil, fmt.Errorf("a stored record is not JSON: %w: %s", err, text)
		}
		listed = append(listed, map[string]any{"unit": where.unit, "flag": where.flag, "record": record})
	}
	return listed, nil
}

func (s *caseStore) Get(unit, flag string) (json.RawMessage, error) {
	if s.failGets {
		return nil, errors.New("reading fails in this case")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.records[place{unit, flag}], nil
}

func (s *caseStore) Set(unit, flag string, record json.RawMessage) error {
	if s.failSets {
		return errors.New("writing fails in this case")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.records[place{unit, flag}] = record
	return nil
}

func (s *caseStore) Remove(unit, flag string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.records, place{unit, flag})
	return nil
}

func (s *caseStore) Load(unit string) (map[string]json.RawMessage, error) {
	if s.failGets {
		return nil, errors.New("reading fails in this case")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	held := map[string]json.RawMessage{}
	for where, record := range s.records {
		if where.unit == unit {
			held[where.flag] = record
		}
	}
	return held, nil
}

func (s *caseStore) SetIfAbsent(unit, flag string, record json.RawMessage) (json.RawMessage, error) {
	if s.failSets {
		return nil, errors.New("writing fails in this case")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if standing, there := s.records[place{unit, flag}]; there {
		return standing, nil
	}
	s.records[place{unit, flag}] = record
	return record, nil
}
