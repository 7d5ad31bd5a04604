import type { ContentBlock } from '@modelcontextprotocol/server';
import { Refusal } from '../../http/refusal.ts';
import type { Tool } from '../../mcp/tool.ts';
import { RED_PIXEL_PNG, SILENT_WAV } from '../samples.ts';
import { fixture, NOTHING, text } from './fixture.ts';

const image: ContentBlock = { type: 'image', data: RED_PIXEL_PNG, mimeType: 'image/png' };

/** Tools that answer with each kind of content. */
export const CONTENT_TOOLS: readonly Tool[] = [
  fixture({
    name: 'test_simple_text',
    description: 'Returns a text.',
    input: NOTHING,
    run: () => [text('This is a simple text response for testing.')],
  }),
  fixture({
    name: 'test_image_content',
    description: 'Returns an image.',
    input: NOTHING,
    run: () => [image],
  }),
  fixture({
    name: 'test_audio_content',
    description: 'Returns a sound.',
    input: NOTHING,
    run: () => [{ type: 'audio', data: SILENT_WAV, mimeType: 'audio/wav' }],
  }),
  fixture({
    name: 'test_embedded_resource',
    description: 'Returns a resource.',
    input: NOTHING,
    run: () => [
      {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      },
    ],
  }),
  fixture({
    name: 'test_multiple_content_types',
    description: 'Returns a text, an image and a resource.',
    input: NOTHING,
    run: () => [
      text('Multiple content types test:'),
      image,
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: '{"test":"data","value":123}',
        },
      },
    ],
  }),
  fixture({
    name: 'test_error_handling',
    description: 'Always fails.',
    input: NOTHING,
    run: () => {
      throw new Refusal('invalid_arguments', 'This tool intentionally returns an error for testing');
    },
  }),
];
