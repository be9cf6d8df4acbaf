# frozen_string_literal: true

# The adapter of COMING-FROM-VWO-FME.md; a test compares the two.

# A flagstay store over a storage connector for VWO's SDK.
class ConnectorStore
  def initialize(connector) = @connector = connector

  # The Ruby SDK has names of its own: its :experiment_key is everybody else's experimentKey.
  def get(unit, flag)
    @connector.get(flag, unit)&.transform_keys { |name| name.to_s.gsub(/_[a-z]/) { |part| part[1].upcase } }
  end

  # The record has featureKey and userId.
  def set(_unit, _flag, record) = @connector.set(record)
end
