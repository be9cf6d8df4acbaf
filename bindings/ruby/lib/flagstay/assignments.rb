# frozen_string_literal: true

require_relative "json"
require_relative "reply"

module Flagstay
  # What a store held for a user when it was asked, to be passed to any number of decisions: one store call, then no
  # more reads. Later decisions do not change it.
  #
  #     assignments = client.load_assignments(user, "companyID")
  #     client.evaluate("price_test", user, kind: :experiment, assignments:)
  #
  # Only Statsig's contract takes assignments from the caller; other platforms read the store themselves. Three cases
  # differ there: none are passed (the stored one is removed), they are without the flag (the user is enrolled), they
  # are with it (they answer).
  #
  # Immutable, and free of the client that loaded it. Threads may share it.
  class Assignments
    # @api private
    # @return [Native::AssignmentsHandle]
    attr_reader :handle

    # @return [String, nil] why the store did not say what it holds. A decision that this is passed to is made by the
    #   rules, has this as its `store_error`, and writes and removes nothing
    attr_reader :error

    # Takes assignments from anywhere else than the client's store. A record that is not as the platform writes them
    # counts for its flag alone, as if no assignments were passed.
    #
    # @param records [Hash, String] flag to record, as Ruby values or JSON text
    # @raise [InvalidArgumentError, InvalidJsonError, InvalidTextError]
    def initialize(records)
      unless records.is_a?(Hash) || records.is_a?(String)
        raise InvalidArgumentError, "assignments must be a Hash of flag to record, not #{records.inspect}"
      end

      json = Json.document(records, "assignments", InvalidArgumentError)
      adopt(Reply.handle(Native::AssignmentsHandle) do |out, error|
        Native.assignments_from_json(json, json.bytesize, out, error)
      end)
    end

    # @api private
    # @param handle [Native::AssignmentsHandle]
    def self.of(handle)
      allocate.tap { |assignments| assignments.send(:adopt, handle) }
    end

    # @return [Hash{String => Object}] flag to record, frozen
    def to_h
      Json.parse(Reply.text { |out, error| Native.assignments_json(@handle, out, error) })
    end

    # Names no records: what users see may be nobody's business.
    def inspect
      "#<#{self.class} #{error ? "error=#{error.inspect}" : "of #{to_h.size} flags"}>"
    end

    private

    def adopt(handle)
      @handle = handle
      @error = Reply.borrowed(handle, :assignments_error)&.freeze
      freeze
    end
  end
end
