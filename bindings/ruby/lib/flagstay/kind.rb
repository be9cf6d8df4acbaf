# frozen_string_literal: true

require_relative "errors"

module Flagstay
  # What a flag is, on platforms where flags of several kinds may share a name (Statsig): `:gate`, `:config`,
  # `:experiment` or `:layer`. Where a kind is expected, nil is whatever has the name.
  #
  # @api private
  module Kind
    # In the order in which the library numbers them.
    NAMES = [nil, :gate, :config, :experiment, :layer].freeze
    NUMBERS = NAMES.each_with_index.to_h.freeze

    # @raise [InvalidArgumentError]
    def self.number(kind)
      NUMBERS.fetch(kind) do
        raise InvalidArgumentError, "kind must be :gate, :config, :experiment or :layer, not #{kind.inspect}"
      end
    end
  end
end
