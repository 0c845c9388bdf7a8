import { COLLECTING } from './families-collecting.ts';
import { DELIVERY } from './families-delivery.ts';
import { ofProcess, type Family } from './metric-family.ts';

/** Every metric of the gateway's own. A new one is a line in the list it belongs to. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'portvakt_build_info',
    help: 'The version that runs',
    type: 'gauge',
    labels: ['version'],
    over: 'max',
    series: ({ version }) => [[[version], 1]],
  },
  ...COLLECTING,
  ...DELIVERY,
  ofProcess(
    'portvakt_ready',
    '1 = events are taken, 0 = hits that hold something to store are answered 503',
    'gauge',
    ({ ready }) => (ready ? 1 : 0),
    'min',
  ),
  ofProcess(
    'portvakt_sink_enabled',
    '1 = started with --sink: everything goes to the sink and nothing to any vendor',
    'gauge',
    ({ sink }) => (sink ? 1 : 0),
    'max',
  ),
  {
    name: 'portvakt_config_reloads_total',
    help: 'Times the configuration was read again, by how that ended',
    type: 'counter',
    labels: ['result'],
    series: ({ reloads }) => [
      [['success'], reloads.succeeded],
      [['failure'], reloads.failed],
    ],
  },
  ofProcess(
    'portvakt_config_last_reload_successful',
    '1 = the configuration on disk is in force, 0 = it cannot be used and the previous one stays in force',
    'gauge',
    ({ reloads }) => (reloads.good ? 1 : 0),
    'min',
  ),
  ofProcess(
    'portvakt_config_last_reload_success_timestamp_seconds',
    'When the configuration in force was read',
    'gauge',
    ({ reloads }) => Math.round(reloads.at / 1000),
    'min',
  ),
];
