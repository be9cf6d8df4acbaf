# frozen_string_literal: true

module Flagstay
  # What goes wrong outside a decision. A decision itself never raises: it answers the caller's default, and says why
  # in its `error`.
  class Error < StandardError
    # @return [Symbol] the status of the call, such as `:invalid_config`
    attr_reader :status

    def initialize(message = nil, status: self.class.status)
      super(message || status.to_s)
      @status = status
    end

    # @return [Symbol] the status that errors of this class have unless they say otherwise
    def self.status
      :unknown
    end
  end

  # A call was made with something that it cannot be made with. Status `:invalid_argument`.
  class InvalidArgumentError < Error
    def self.status = :invalid_argument
  end

  # A text cannot be written as UTF-8. Status `:invalid_utf8`.
  class InvalidTextError < InvalidArgumentError
    def self.status = :invalid_utf8
  end

  # A document is not JSON. Status `:invalid_json`.
  class InvalidJsonError < Error
    def self.status = :invalid_json
  end

  # The configuration has an unknown, missing or ill-typed option. Status `:invalid_config`.
  class InvalidConfigError < Error
    def self.status = :invalid_config
  end

  # The ruleset was refused as a whole; the one before it stays. Status `:invalid_ruleset`.
  class InvalidRulesetError < Error
    def self.status = :invalid_ruleset
  end

  # A user cannot be made of what was given. Status `:invalid_user`.
  class InvalidUserError < Error
    def self.status = :invalid_user
  end

  # The store failed or returned garbage. Status `:store_failed`.
  class StoreError < Error
    def self.status = :store_failed
  end

  # The call needs a store, and the client has none. Status `:no_store`.
  class NoStoreError < StoreError
    def self.status = :no_store
  end

  # The client has been closed. Status `:closed`.
  class ClosedError < Error
    def self.status = :closed
  end

  # A deadline passed. Status `:timeout`.
  class TimeoutError < Error
    def self.status = :timeout
  end

  # A bug in the library was caught at its boundary; the process is unharmed. Status `:internal`.
  class InternalError < Error
    def self.status = :internal
  end

  # The native library is missing, too old, or not for this machine. Raised while the gem is being loaded.
  class LibraryError < LoadError
  end

  # A thread was killed while it was inside a store that Ruby code implements. Ruby cannot go on with a kill that
  # native code interrupted, so the thread ends with this instead: not a StandardError, because nobody should rescue it.
  class ThreadKilled < Exception # rubocop:disable Lint/InheritException
  end

  # Statuses as the library numbers them.
  module Status
    OK = 0

    # @return [Hash{Integer => Class}] what a call that does not decide raises
    RAISED = {
      100 => InvalidArgumentError, 101 => InvalidTextError,
      200 => InvalidJsonError, 201 => InvalidConfigError, 202 => InvalidRulesetError, 203 => InvalidUserError,
      400 => NoStoreError, 401 => StoreError,
      500 => ClosedError, 501 => TimeoutError,
      900 => InternalError
    }.freeze

    # @return [Hash{Integer => Symbol}] why the caller's default was answered, in OpenFeature's words
    DEFAULTED = {
      300 => :flag_not_found, 301 => :provider_not_ready, 302 => :targeting_key_missing, 303 => :type_mismatch,
      304 => :parse_error, 305 => :invalid_context, 306 => :general
    }.freeze

    # @return [Error] the error of a status that a newer library may not have told this gem about
    def self.error(number, message)
      kind = RAISED[number]
      return kind.new(message) if kind

      Error.new("status #{number}: #{message}", status: DEFAULTED.fetch(number, :unknown))
    end

    # That the caller's default was answered is no error, and a bug in the library must not fail a request.
    #
    # @raise [Error] if the call was wrong
    def self.check(number)
      raise error(number, "the call was refused") if number != OK && number < 300
    end

    # Whether the status is that of an answer, be it the caller's default.
    def self.answer?(number)
      number == OK || number.between?(300, 399)
    end
  end
end
