# frozen_string_literal: true

require_relative "json"
require_relative "native"

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
  class Store
    FAILURE = 0
    DONE = 7001
    PARAMETERS = { get: 2, set: 3, remove: 2, load: 1, set_if_absent: 3 }.freeze
    private_constant :FAILURE, :DONE, :PARAMETERS

    TEXT = %i[pointer size_t].freeze
    SINK = %i[pointer pointer].freeze
    private_constant :TEXT, :SINK

    # Functions of the library that take a callback's answer, by address. There is one of them in practice.
    SINKS = Hash.new { |sinks, address| sinks[address] = sink(address) }
    private_constant :SINKS

    # @return [Exception, nil] the last exception that left the store
    attr_reader :last_exception

    # Ties an object to functions that the library can call. They live as long as this does.
    #
    # @api private
    # @raise [InvalidConfigError] if the object is no store
    def initialize(target)
      @target = target
      offered = PARAMETERS.select { |name, count| offers?(name, count) }
      missing = %i[get set].reject { |name| offered.key?(name) }
      unless missing.empty?
        raise InvalidConfigError, "store: #{target.class} has no #{missing.join(" and no ")}, so it is no store"
      end

      @functions = offered.to_h { |name, count| [name, function(name, count)] }
    end

    # @api private
    # @return [Native::StoreTable] to be passed when the client is made
    def table
      table = Native::StoreTable.new
      table[:size] = table.size
      @functions.each { |name, function| table[name] = function }
      table
    end

    # Runs a call of the library's, and goes on afterwards with what it had to interrupt.
    #
    # @api private
    def during
      # A store may call the client again: the outer call has an interruption of its own.
      outer = Thread.current[:flagstay_interruption]
      Thread.current[:flagstay_interruption] = nil
      result = yield
      interruption = Thread.current[:flagstay_interruption]
      raise interruption if interruption

      result
    ensure
      Thread.current[:flagstay_interruption] = outer
    end

    # @api private
    def self.sink(address)
      FFI::Function.new(:void, %i[pointer pointer size_t], FFI::Pointer.new(address))
    end
    private_class_method :sink

    private

    def offers?(name, count)
      return false unless @target.respond_to?(name)

      arity = @target.method(name).arity
      return true if arity == count || arity.between?(-count - 1, -1)

      raise InvalidConfigError, "store: #{@target.class}##{name} must take #{count} arguments"
    end

    def function(name, count)
      parameters = [:pointer, *(TEXT * count), *SINK]
      # A closure over this object, which the client keeps for as long as the library may call.
      FFI::Function.new(:int32, parameters) do |_context, *texts, sink, sink_context|
        answer(sink, sink_context) do
          texts = texts.each_slice(2).map { |data, length| Text.read(data, length) }
          undivided { ask(name, texts) }
        end
      end
    end

    # A fiber that left the library's frames half-way, for a scheduler to enter them with another, would come back to
    # frames that are not its own. Under a scheduler the store therefore runs in a fiber that blocks.
    def undivided(&)
      return yield if Fiber.current_scheduler.nil?

      Fiber.new(blocking: true, &).resume
    end

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

    # Nothing may unwind through the library's frames, so whatever happens this returns.
    def answer(sink, sink_context)
      status = FAILURE
      left = true
      reply = yield
      give(reply, sink, sink_context) unless reply.nil?
      status = DONE
      left = false
    rescue Exception => e # rubocop:disable Lint/RescueException
      left = false
      keep(e, sink, sink_context)
    ensure
      jumped(sink, sink_context) if left
      return status # rubocop:disable Lint/EnsureReturn
    end

    def keep(exception, sink, sink_context)
      @last_exception = exception
      Thread.current[:flagstay_interruption] ||= exception unless exception.is_a?(StandardError)
      # A reply may have been given already; then the library takes the second one for what it is, a failure.
      give("#{exception.class}: #{exception.message}".encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub,
           sink, sink_context)
    end

    # Left by throw, by break or by a kill: there is no exception to be kept.
    def jumped(sink, sink_context)
      return give("the store was left by a throw", sink, sink_context) unless Thread.current.status == "aborting"

      Thread.current.report_on_exception = false
      Thread.current[:flagstay_interruption] = ThreadKilled.new("killed while a store was being asked")
      give("the thread was killed", sink, sink_context)
    end

    def give(text, sink, sink_context)
      SINKS[sink.address].call(sink_context, text, text.bytesize)
    end
  end
end
