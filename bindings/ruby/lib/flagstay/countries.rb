# frozen_string_literal: true

require_relative "callbacks"

module Flagstay
  # Who knows the country of an IP address: any object with `country(ip)`, or with `call(ip)` as blocks and lambdas have
  # it. See {Client#resolve_countries}.
  #
  # The answer is the ISO 3166 code of two letters, or nil where the country is unknown. The method runs on the thread
  # that decides, several at once, and for as long as it takes: look up a table, do not ask a network. It may call the
  # client.
  #
  # Errors: the country is unknown then, and {Client#last_country_exception} has the exception. What is no StandardError
  # is raised again when the decision has been made, as {Store} says.
  class Countries < Callbacks
    # What the function belongs to, for errors.
    #
    # @api private
    def self.place = "the country resolver"

    # @api private
    def initialize
      super
      # One function for as long as there is a client: nobody has to know when the library has let go of it.
      @function = function(1) { |(ip)| country(ip) }
    end

    # @api private
    # @param resolver [#country, #call, nil] nil: nobody any more
    # @return [Native::CountriesTable, nil] to be passed to the library
    # @raise [InvalidArgumentError]
    def table_for(resolver)
      @ask = resolver && method_of(resolver)
      return if @ask.nil?

      table = Native::CountriesTable.new
      table[:size] = table.size
      table[:country] = @function
      table
    end

    private

    def method_of(resolver)
      name = %i[country call].find do |method|
        Callbacks.offers?(resolver, method, 1, "countries", InvalidArgumentError)
      end
      raise InvalidArgumentError, "countries: #{resolver.class} has no country, and no call" if name.nil?

      resolver.method(name)
    end

    # @return [String, nil]
    def country(ip)
      answer = @ask&.call(ip)
      Text.utf8(answer, "the country") unless answer.nil?
    end
  end
end
