# frozen_string_literal: true

require_relative "json"
require_relative "store"

module Flagstay
  # What a client is made from: the document for the library, and what only Ruby knows.
  #
  # @api private
  class Configuration
    # @return [Store, nil] the store that Ruby code implements
    attr_reader :store

    def initialize(dialect:, ruleset_file:, store:, events:, options:, now_ms:)
      @document = { dialect:, ruleset_file: ruleset_file&.to_s, events:, options:,
                    now_ms: }.compact
      case store
      when nil then nil
      when String, Hash then @document[:store] = store
      else @store = Store.new(store)
      end
    end

    # @return [String] JSON text
    def to_json(*)
      Json.text(@document, "config", InvalidConfigError)
    end

    # Whether a decision may wait for something outside this process, so that other Ruby threads had better go on.
    def waits?
      store = @document[:store]
      url = store.is_a?(Hash) ? store[:url] || store["url"] : store
      !url.nil? && !url.to_s.start_with?("memory:")
    end
  end
end
