# frozen_string_literal: true

require_relative "native"
require_relative "text"

module Flagstay
  # Functions of Ruby code's that the library can call: those of a store, and the one that knows countries.
  #
  # Nothing may unwind through the library's frames. A StandardError is kept, and the call counts as failed. What is
  # none (Interrupt, SystemExit, a kill) is kept for {during}, which goes on with it when the library has returned.
  #
  # @api private
  class Callbacks
    FAILURE = 0
    DONE = 7001
    private_constant :FAILURE, :DONE

    TEXT = %i[pointer size_t].freeze
    SINK = %i[pointer pointer].freeze
    private_constant :TEXT, :SINK

    # Functions of the library that take a callback's answer, by address. There is one of them in practice.
    SINKS = Hash.new { |sinks, address| sinks[address] = sink(address) }
    private_constant :SINKS

    # @return [Exception, nil] the last exception that left one of the functions
    attr_reader :last_exception

    # Runs a call of the library's, and goes on afterwards with what it had to interrupt.
    def self.during
      # A callback may call the client again: the outer call has an interruption of its own.
      outer = Thread.current[:flagstay_interruption]
      Thread.current[:flagstay_interruption] = nil
      result = yield
      interruption = Thread.current[:flagstay_interruption]
      raise interruption if interruption

      result
    ensure
      Thread.current[:flagstay_interruption] = outer
    end

    # Whether an object has a method that takes so many arguments.
    #
    # @raise [error] if it has one that takes another number
    def self.offers?(target, name, count, place, error)
      return false unless target.respond_to?(name)

      arity = target.method(name).arity
      return true if arity == count || arity.between?(-count - 1, -1)

      raise error, "#{place}: #{target.class}##{name} must take #{count} #{count == 1 ? "argument" : "arguments"}"
    end

    def self.sink(address)
      FFI::Function.new(:void, %i[pointer pointer size_t], FFI::Pointer.new(address))
    end
    private_class_method :sink

    private

    # @param count [Integer] how many texts the library passes
    # @yieldparam texts [Array<String>]
    # @yieldreturn [String, nil] what goes back; nil for nothing
    # @return [FFI::Function] a closure over this object, which has to be kept for as long as the library may call
    def function(count, &body)
      parameters = [:pointer, *(TEXT * count), *SINK]
      FFI::Function.new(:int32, parameters) do |_context, *texts, sink, sink_context|
        answer(sink, sink_context) do
          texts = texts.each_slice(2).map { |data, length| Text.read(data, length) }
          undivided { body.call(texts) }
        end
      end
    end

    # A fiber that left the library's frames half-way, for a scheduler to enter them with another, would come back to
    # frames that are not its own. Under a scheduler the function therefore runs in a fiber that blocks.
    def undivided(&)
      return yield if Fiber.current_scheduler.nil?

      Fiber.new(blocking: true, &).resume
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
      return give("#{self.class.place} was left by a throw", sink, sink_context) unless killed?

      Thread.current.report_on_exception = false
      Thread.current[:flagstay_interruption] = ThreadKilled.new("killed while #{self.class.place} was being asked")
      give("the thread was killed", sink, sink_context)
    end

    def killed?
      Thread.current.status == "aborting"
    end

    def give(text, sink, sink_context)
      SINKS[sink.address].call(sink_context, text, text.bytesize)
    end
  end
end
