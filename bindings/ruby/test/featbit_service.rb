# frozen_string_literal: true

require "json"
require "net/http"

# The adapter of COMING-FROM-FEATBIT.md; a test compares the two.

# Fetches rules from FeatBit's service for a client, and posts to it what the client has queued.
class FeatBitService
  # As many objects as the SDKs put into one request.
  CHUNK = 50

  def initialize(client, url, secret)
    @client = client
    @url = url.delete_suffix("/")
    @headers = { "Authorization" => secret, "Content-Type" => "application/json" }.freeze
  end

  # Asks for all rules. A document that is no newer than what the client has changes nothing.
  def pull
    answer = Net::HTTP.get_response(URI("#{@url}/api/public/sdk/server/latest-all"), @headers)
    raise IOError, "the service answered #{answer.code}" unless answer.code == "200"

    @client.update(answer.body)
  end

  # Posts what is queued. What is refused twice is lost, as it is with the SDKs.
  def push
    until (events = @client.drain_events(CHUNK)).empty?
      2.times.any? { post(events) }
    end
  end

  private

  def post(events)
    Net::HTTP.post(URI("#{@url}/api/public/insight/track"), JSON.generate(events), @headers).code == "200"
  rescue SystemCallError, SocketError, IOError, Timeout::Error
    false
  end
end
