# frozen_string_literal: true

require_relative "assignments"
require_relative "kind"
require_relative "native"
require_relative "reply"

module Flagstay
  # The memory that one full decision is written to, used again for the next.
  #
  # Slots are taken from a pool and given back: a store that evaluates inside an evaluation, another thread and another
  # fiber each hold a slot of their own. What an exception passes by is not given back, but left to the garbage
  # collector.
  #
  # @api private
  class Slot
    POOL = [] # rubocop:disable Style/MutableConstant
    private_constant :POOL

    OPTIONS = Native::OptionsStruct
    DECISION = Native::DecisionStruct
    MODES = { expose: 0, read: 1 }.freeze
    MODE, DEFAULT, DEFAULT_LENGTH, KIND, TARGETING, OVERRIDES, DETAILS, ASSIGNMENTS =
      %i[mode default_json default_json_len kind enforce_targeting enforce_overrides details assignments]
      .map { |name| OPTIONS.offset_of(name) }
    private_constant :OPTIONS, :DECISION, :MODES, :MODE, :DEFAULT, :DEFAULT_LENGTH, :KIND, :TARGETING, :OVERRIDES,
                     :DETAILS, :ASSIGNMENTS

    # @return [FFI::Pointer] where the call writes its error, its decision and its plain value
    attr_reader :error, :decision, :value

    def self.use
      slot = POOL.pop || new
      result = yield slot
      POOL.push(slot)
      result
    end

    def initialize
      @memory = FFI::MemoryPointer.new(:uint8, 16 + OPTIONS.size + DECISION.size, true)
      @error = @memory + 0
      @value = @memory + 8
      @options = @memory + 16
      @options.put_uint64(0, OPTIONS.size)
      @decision = @memory + (16 + OPTIONS.size)
      @decision.put_uint64(0, DECISION.size)
      ObjectSpace.define_finalizer(self, Slot.clearing(@decision, @memory))
    end

    # The finalizer: it must not know the slot, and must keep the memory.
    def self.clearing(decision, memory)
      proc { Native.decision_clear(decision) if memory }
    end

    # Makes a user of their key.
    #
    # @return [Integer] the user's address, owned by the caller
    # @raise [Error]
    def user(key)
      made(Native.user_new(key, key.bytesize, @value, @error))
    end

    # Makes a user of a document.
    #
    # @return as {user}
    def user_from(json)
      made(Native.user_from_json(json, json.bytesize, @value, @error))
    end

    # Sets what a call says beyond user and flag.
    #
    # @param default [FFI::Pointer, nil] JSON text, kept by the caller
    # @param assignments [Assignments, nil] kept by the caller
    # @return [FFI::Pointer, nil] nil where it says nothing beyond
    def options(mode: :expose, default: nil, kind: nil, assignments: nil, targeting: false, overrides: false,
                details: false)
      return if mode == :expose && !(default || kind || assignments || targeting || overrides || details)

      @options.put_int32(MODE, MODES[mode] || raise(ArgumentError, "mode is :expose or :read, not #{mode.inspect}"))
      @options.put_pointer(DEFAULT, default)
      @options.put_uint64(DEFAULT_LENGTH, default ? default.size : 0)
      @options.put_int32(KIND, Kind.number(kind))
      put_switch(TARGETING, targeting)
      put_switch(OVERRIDES, overrides)
      put_switch(DETAILS, details)
      @options.put_pointer(ASSIGNMENTS, held(assignments))
    end

    private

    def made(status)
      raise Reply.error(status, @error.get_pointer(0)) unless status == Status::OK

      @value.get_uint64(0)
    end

    def put_switch(place, on)
      @options.put_uint8(place, on ? 1 : 0)
    end

    def held(assignments)
      return assignments&.handle if assignments.nil? || assignments.is_a?(Assignments)

      raise TypeError, "assignments must be a Flagstay::Assignments or nil, not #{assignments.inspect}"
    end
  end
end
