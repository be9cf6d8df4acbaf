# frozen_string_literal: true

require_relative "callbacks"
require_relative "json"

module Flagstay
  # Where assignments live, when that is something which Ruby code knows: any object with these methods can be given to
  # a client as its `store`.
  #
  # - `get(unit, flag)` answers the record stored under both, or nil.
  # - `set(unit, flag, record)` stores it, replacing what is there.
  # - `remove(unit, flag)` removes it; that there is none is no failure. Optional; needed by {Client#forget}.
  # - `load(unit)` answers everything held for a unit, a Hash of flag to record. Optional; without it {Client#forget}
  #   asks for every flag of the ruleset.
  # - `set_if_absent(unit, flag, record)` stores the record if there is none, in one atomic step, and answers the record
  #   that stands afterwards: the one stored now, or the one that was there first. Optional; without it two processes
  #   that meet a new user at the same instant may answer differently once.
  #
  # Units and flags are UTF-8 Strings. A record given to the store is a Hash with String names; a record that it answers
  # is a Hash too, or a String, which is taken for JSON text.
  #
  # Threads: the methods run on the thread that asked for the decision, several at once, with no lock held; they may
  # call the client. They must not call Fiber.yield. Under a fiber scheduler they wait without it, in a fiber of their
  # own.
  #
  # Errors: a StandardError makes the call a failed one. The rules then answer, the decision says so in its
  # `store_error`, and {Client#last_store_exception} has the exception. An exception that is no StandardError
  # (Interrupt, SystemExit) is raised again when the decision has been made, and a thread that was killed ends then,
  # with {ThreadKilled}. `throw`, which Timeout.timeout uses, cannot leave a store: it is a failure, and ends there.
  class Store < Callbacks
    PARAMETERS = { get: 2, set: 3, remove: 2, load: 1, set_if_absent: 3 }.freeze
    private_constant :PARAMETERS

    # What the functions belong to, for errors.
    #
    # @api private
    def self.place = "the store"

    # Ties an object to functions that the library can call. They live as long as this does.
    #
    # @api private
    # @raise [InvalidConfigError] if the object is no store
    def initialize(target)
      super()
      @target = target
      offered = PARAMETERS.select { |name, count| Callbacks.offers?(target, name, count, "store", InvalidConfigError) }
      missing = %i[get set].reject { |name| offered.key?(name) }
      unless missing.empty?
        raise InvalidConfigError, "store: #{target.class} has no #{missing.join(" and no ")}, so it is no store"
      end

      @functions = offered.to_h { |name, count| [name, function(count) { |texts| ask(name, texts) }] }
    end

    # @api private
    # @return [Native::StoreTable] to be passed when the client is made
    def table
      table = Native::StoreTable.new
      table[:size] = table.size
      @functions.each { |name, function| table[name] = function }
      table
    end

    private

    # @return [String, nil] JSON text
    def ask(name, texts)
      texts[2] = JSON.parse(texts[2]) if texts.size == 3
      answer = @target.public_send(name, *texts)
      case name
      when :get, :set_if_absent then record(answer, "the answer of #{name}")
      when :load then records(answer)
      end
    end

    def record(answer, place)
      return if answer.nil?

      Json.document(answer, place, StoreError)
    end

    def records(answer)
      return if answer.nil?
      raise StoreError, "the answer of load: a Hash of flag to record, not #{answer.class}" unless answer.is_a?(Hash)

      members = answer.map do |flag, record|
        "#{JSON.generate(Text.utf8(flag, "a flag that load answers"))}:#{record(record, flag.to_s) || "null"}"
      end
      "{#{members.join(",")}}"
    end
  end
end
