# frozen_string_literal: true

require "json"

# The adapters of COMING-FROM-STATSIG.md; a test compares the two.

# A flagstay store over a persistent storage for Statsig's SDK, with its load, save and delete.
class SavedStore
  def initialize(storage) = @storage = storage

  def load(unit) = @storage.load(unit) || {}
  def get(unit, flag) = load(unit)[flag]
  def set(unit, flag, record) = @storage.save(unit, flag, record)
  def remove(unit, flag) = @storage.delete(unit, flag)
end

# A flagstay store over a storage of Statsig's Ruby SDK, which keeps one text for everything under a key.
class SavedTextStore
  # What that SDK calls otherwise than all others do.
  NAMES = { "gate_value" => "value", "config_sync_time" => "time" }.freeze

  def initialize(storage)
    @storage = storage
    @lock = Mutex.new
  end

  def load(unit) = read(unit).transform_values { |record| renamed(record) }
  def get(unit, flag) = load(unit)[flag]
  def set(unit, flag, record) = change(unit) { |records| records.merge(flag => record) }
  def remove(unit, flag) = change(unit) { |records| records.except(flag) }

  private

  def read(unit)
    text = @storage.load(unit)
    text.nil? || text.empty? ? {} : JSON.parse(text)
  end

  # The lock is for the threads of this process. Two processes that change one unit at a time may lose a record.
  def change(unit)
    @lock.synchronize do
      before = read(unit)
      after = yield before
      @storage.save(unit, JSON.generate(after)) unless after == before
    end
  end

  def renamed(record)
    return record unless record.is_a?(Hash) && record.key?("gate_value")

    record.transform_keys { |name| NAMES.fetch(name, name) }
  end
end
